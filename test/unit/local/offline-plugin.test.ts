import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build, type BuildOptions } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
// @ts-expect-error JavaScript: the framework loads the plugin on versions of Node that take no TypeScript.
import OfflinePlugin from '../../../infra/local/offline-plugin.mjs';

interface Service {
  custom: { esbuild: BuildOptions & { outputFileExtension: string } };
  provider: { environment: Record<string, string> };
  functions: Record<string, object>;
}

/** The service as the plugin leaves it for `serverless <command>`. */
function adapt(command: string): Service {
  const { custom, functions } = parse(readFileSync('serverless.yml', 'utf8')) as Service;
  const service: Service = { custom, functions, provider: { environment: {} } };
  const plugin = new OfflinePlugin({ processedInput: { commands: [command] }, service }) as {
    hooks: { initialize(): void };
  };
  plugin.hooks.initialize();
  return service;
}

describe('a function of the local stack', () => {
  it('fails with a stack that names the TypeScript file and line', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'offline-'));
    try {
      const { custom, provider } = adapt('offline');
      const { bundle, format, minify, sourcemap, sourcesContent, target, mainFields, alias } = custom.esbuild;
      const outfile = join(folder, 'sessions-end.cjs');
      const settings = { bundle, format, minify, sourcemap, sourcesContent, target, mainFields, alias };
      await build({ ...settings, platform: 'node', entryPoints: ['functions/sessions-end.ts'], outfile });
      const script = `require(${JSON.stringify(outfile)}).handler({}).catch(({ stack }) => console.log(stack))`;
      const env = { ...provider.environment, TABLE_NAME: 'table', AWS_REGION: 'ap-southeast-1' };
      const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { env });
      const line = readFileSync('functions/sessions-end.ts', 'utf8').split('endSessions(await')[0]!.split('\n').length;
      expect(readFileSync(outfile, 'utf8').includes('async function endSessions(')).toBe(true);
      expect(stdout).toContain(`(${process.cwd()}/functions/sessions-end.ts:${line}:`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

it('leaves every other command of the framework alone', () => {
  const { custom, provider } = adapt('package');
  expect(custom.esbuild).toMatchObject({ minify: true });
  expect(provider.environment).toEqual({});
});
