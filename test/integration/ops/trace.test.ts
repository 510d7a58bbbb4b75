// Functions that are bundled as for AWS fail in a process of their own, and `npm run trace` gets what they printed.
import { execFile } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build, type BuildOptions } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runOps } from './stage.ts';

const { separateSourceMaps } = createRequire(import.meta.url)('../../../infra/build/source-maps.cjs') as {
  separateSourceMaps: (packageFolder: string) => BuildOptions;
};
const run = promisify(execFile);

/** Calls a handler and prints the stack of its error, as an uncaught one is printed. */
const CALL = `require(process.argv[1]).handler(JSON.parse(process.argv[2]), { awsRequestId: 'r' })
  .catch(({ stack }) => console.error(stack))`;
const REQUEST = {
  headers: { authorization: 'Bearer x' },
  requestContext: { http: { method: 'GET', sourceIp: '203.0.113.1' } },
};
const CONFIGURED = { AWS_REGION: 'ap-southeast-1', TABLE_NAME: 'wechat-lambda-dev' };

let folder: string;
let maps: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trace-'));
  maps = join(folder, 'package');
  await Promise.all([bundle('catalog-put'), bundle('me')]);
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Bundles a function by the settings of serverless.yml and the plugin. */
async function bundle(name: string): Promise<void> {
  const { custom } = parse(readFileSync('serverless.yml', 'utf8')) as {
    custom: { esbuild: BuildOptions & { outputFileExtension: string } };
  };
  const { outputFileExtension, ...settings } = custom.esbuild;
  await build({
    ...settings,
    ...separateSourceMaps(maps),
    platform: 'node',
    entryPoints: [`functions/${name}.ts`],
    outdir: join(folder, 'functions'),
    outExtension: { '.js': outputFileExtension },
    logLevel: 'error',
  });
}

/** What a function prints when it fails with this event and these variables. */
async function failureOf(name: string, event: unknown, variables: Record<string, string> = {}): Promise<string> {
  const args = ['-e', CALL, join(folder, `functions/${name}.cjs`), JSON.stringify(event)];
  const { stderr } = await run(process.execPath, args, { env: { ...CONFIGURED, ...variables } });
  return stderr;
}

/** The frame of `code` in the module that declares `name`, with the place read from the source text. */
function frameOf(name: string, declaration: string, code: string): string {
  const files = globSync('{functions,lib}/**/*.ts').filter((file) => {
    const source = readFileSync(file, 'utf8');
    return source.includes(declaration) && source.includes(code);
  });
  if (!files[0]) throw new Error(`No module has ${declaration} and ${code}`);
  const [before, ...rest] = readFileSync(files[0], 'utf8').split(code);
  if (files.length > 1 || rest.length !== 1) throw new Error(`${declaration} with ${code} must occur once`);
  const lines = before!.split('\n');
  return `    at ${name} (${files[0]}:${lines.length}:${lines.at(-1)!.length + 1})`;
}

const REJECTS_CATALOG = frameOf(
  'putCatalog',
  'function putCatalog(',
  "new AppError('PARAM_ERROR', v.summarize(parsed.issues))",
);
const CALLS_CATALOG = frameOf('handler', 'handler', 'putCatalog(await load(), input)');
const REPORTS_SETTING = frameOf('badSetting', 'function badSetting(', "new AppError('NOT_CONFIGURED'");

describe('npm run trace', () => {
  it('replaces the positions of a stack on standard input by TypeScript files, lines and function names', async () => {
    const stack = await failureOf('catalog-put', { items: 3 });
    expect(stack).toContain(join(folder, 'functions/catalog-put.cjs:'));
    const { code, stdout, stderr } = await runOps('trace', ['--maps', maps], {}, stack);
    expect([code, stderr]).toEqual([0, '']);
    const frames = stdout.split('\n').filter((line) => line.startsWith('    at '));
    expect(frames.slice(0, 2)).toEqual([REJECTS_CATALOG, CALLS_CATALOG]);
    expect(stdout.split('\n')[0]).toBe(stack.split('\n')[0]);
  });

  it('prints each frame of a log line on a line of its own', async () => {
    const logged = await failureOf('me', REQUEST);
    const { code, stdout } = await runOps('trace', ['--maps', maps, logged], {});
    expect(code).toBe(0);
    expect(stdout.split('\n')).toContain(REPORTS_SETTING);
    expect(stdout).toMatch(/^\{"evt":"request\.failed"/);
  });

  it('reads the list of frames that Lambda logs for an uncaught error, behind a timestamp of CloudWatch', async () => {
    const stackTrace = (await failureOf('catalog-put', { items: 3 })).trimEnd().split('\n');
    const message = { errorType: 'AppError', errorMessage: 'items', stackTrace };
    const line = `2026-11-20T08:00:00.000Z ${JSON.stringify({ level: 'ERROR', message })}`;
    const { stdout } = await runOps('trace', ['--maps', maps, line], {});
    expect(stdout).toContain(`\n${REJECTS_CATALOG}\n${CALLS_CATALOG}`);
    expect(stdout).toContain('2026-11-20T08:00:00.000Z {"level":"ERROR"');
  });

  it('reads a log line inside a string of JSON', async () => {
    const at = (await failureOf('catalog-put', { items: 3 })).trimEnd();
    const line = JSON.stringify({ message: JSON.stringify({ at, status: 500 }) });
    const { stdout } = await runOps('trace', ['--maps', maps, line], {});
    expect(stdout).toContain(`\n${REJECTS_CATALOG}\n${CALLS_CATALOG}`);
  });

  it('keeps async frames async, and gives frames of packages no name', async () => {
    const items = [{ sku: 'tea', description: 'Tea', kind: 'goods', unitFen: 900 }];
    // The process has no credentials of AWS.
    const stack = await failureOf('catalog-put', { items });
    const { stdout, stderr } = await runOps('trace', ['--maps', maps], {}, stack);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^ {4}at async node_modules\/@[\w./-]+:\d+:\d+$/m);
    expect(stdout).toMatch(/^ {4}at async putCatalog \(lib\/[\w./-]+:\d+:\d+\)$/m);
  });

  it('reads the maps of a downloaded artefact, which has no folder source-maps', async () => {
    const stack = await failureOf('catalog-put', { items: 3 });
    const { code, stdout } = await runOps('trace', ['--maps', join(maps, 'source-maps')], {}, stack);
    expect(code).toBe(0);
    expect(stdout).toContain(REJECTS_CATALOG);
  });

  it('prints a frame of bundler code unchanged and reports no error', async () => {
    const added = 'at a (/var/task/functions/me.cjs:1:50)';
    const { code, stdout, stderr } = await runOps('trace', ['--maps', maps, added], {});
    expect([code, stdout, stderr]).toEqual([0, `${added}\n`, '']);
  });
});

describe('npm run trace fails', () => {
  let frame: string;

  beforeAll(async () => {
    frame = (await failureOf('catalog-put', { items: 3 })).split('\n').find((line) => line.includes('.cjs:')) ?? '';
    if (!frame) throw new Error('The stack of catalog-put has no frame in its bundle');
  });

  it('with exit code 2 and its usage for a wrong option, more than one argument or no input', async () => {
    for (const words of [['--map', 'x'], ['--maps'], ['at', 'a'], []]) {
      const { code, stdout, stderr } = await runOps('trace', words, {});
      expect([code, stdout], words.join(' ')).toEqual([2, '']);
      expect(stderr, words.join(' ')).toContain('Usage: npm run trace');
    }
  });

  it('with the command to run when the folder has no maps', async () => {
    const { code, stdout, stderr } = await runOps('trace', ['--maps', join(folder, 'empty'), frame], {});
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('has no source maps. Run "npm run package"');
  });

  it('when the text holds no position of a bundle', async () => {
    const { code, stderr } = await runOps('trace', ['--maps', maps, 'Error: no stack'], {});
    expect(code).toBe(1);
    expect(stderr).toContain('No position');
  });

  it.each([
    ['line', '99999:1'],
    ['column', '1:9999999'],
    ['column', '1:0'],
  ])('for a %s outside of the bundle (%s), and prints that position unchanged', async (_, position) => {
    const wrong = `    at b (/var/task/functions/me.cjs:${position})`;
    const stack = `Error: x\n${wrong}\n${frame}`;
    const { code, stdout, stderr } = await runOps('trace', ['--maps', maps, stack], {});
    expect(code).toBe(1);
    expect(stderr).toContain(`functions/me.cjs has no position ${position}. The stack is from another build`);
    expect(stdout).toContain(wrong);
    expect(stdout).not.toContain(frame);
  });

  it('for a function that the package does not have', async () => {
    const unknown = 'at b (/var/task/functions/other.cjs:1:5)';
    const { code, stdout, stderr } = await runOps('trace', ['--maps', maps, unknown], {});
    expect([code, stdout]).toEqual([1, `${unknown}\n`]);
    expect(stderr).toContain('There is no function "other"');
  });
});
