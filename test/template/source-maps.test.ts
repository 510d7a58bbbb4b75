// The code for AWS, and the maps that stay out of it.
import { execFile } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readService } from '../../infra/service/service.ts';
import { packageService } from '../support/template/package.ts';
import { readZip } from '../support/template/read-zip.ts';

const run = promisify(execFile);
const names = readService().functions;
const folder = mkdtempSync(join(tmpdir(), 'source-maps-'));

beforeAll(async () => {
  await packageService('dev', {}, async (packageFolder) => cpSync(packageFolder, folder, { recursive: true }));
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('the zip of each function', () => {
  it('holds its bundle and nothing else, without a reference to a map', () => {
    for (const name of names) {
      const files = readZip(join(folder, `${name}.zip`));
      expect([...files.keys()], name).toEqual([`functions/${name}.cjs`]);
      expect([...files.values()].join().includes('sourceMappingURL'), name).toBe(false);
    }
  });
});

describe('the folder of the package', () => {
  it('has a map for each function, which names modules from the root of the repository', () => {
    const maps = globSync('source-maps/**/*.*', { cwd: folder });
    expect(maps.toSorted()).toEqual(names.map((name) => `source-maps/functions/${name}.cjs.map`).toSorted());
    for (const map of maps) {
      const { sources } = JSON.parse(readFileSync(join(folder, map), 'utf8')) as { sources: string[] };
      expect(
        sources.filter((source) => !existsSync(source)),
        map,
      ).toEqual([]);
      expect(sources, map).toContain(map.replace('source-maps/', '').replace('.cjs.map', '.ts'));
    }
  });

  it('has maps that lead from a stack of the shipped code to the TypeScript that failed', async () => {
    const [[path, code]] = [...readZip(join(folder, 'catalog-put.zip'))] as [[string, string]];
    const bundle = join(folder, 'task', path);
    mkdirSync(dirname(bundle), { recursive: true });
    writeFileSync(bundle, code);
    const script = `require(${JSON.stringify(bundle)}).handler({}).catch(({ stack }) => console.log(stack))`;
    const env = { TABLE_NAME: 'table', AWS_REGION: 'ap-southeast-1' };
    const { stdout: stack } = await run(process.execPath, ['-e', script], { env });
    const { stdout } = await run(process.execPath, ['infra/ops/trace.ts', '--maps', folder, stack]);
    const source = readFileSync('functions/catalog-put.ts', 'utf8').split('putCatalog(await')[0]!.split('\n');
    const place = `functions/catalog-put.ts:${source.length}:${source.at(-1)!.length + 1}`;
    expect(stdout).toContain(`at handler (${place})`);
  });
});
