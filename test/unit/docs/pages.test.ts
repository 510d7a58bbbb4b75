import { existsSync, globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { BLOCKS, renderPages, type Page } from '../../../infra/docs/pages.ts';
import { SETTINGS } from '../../../infra/docs/settings.ts';
import { readService } from '../../../infra/service/service.ts';
import { expectNoFindings } from '../../support/findings.ts';

const readPage = (path: string) => readFileSync(path, 'utf8');
const PAGES = globSync(['*.md', '.github/*.md', '{functions,infra,lib,test}/**/*.md']).toSorted();

describe('the generated blocks', () => {
  let pages: Page[];
  beforeAll(async () => {
    pages = await renderPages();
  });

  it('are up to date on every page', () => {
    const outdated = pages.filter(({ current, generated }) => current !== generated);
    expectNoFindings(outdated.map(({ path }) => `${path} is not up to date: run npm run docs`));
  });

  it('contain each block exactly once', () => {
    const used = pages.flatMap(({ current }) => [...current.matchAll(/^<!-- generated: (\S+) -->$/gm)]);
    expect(used.map(([, name]) => name).toSorted()).toEqual(Object.keys(BLOCKS).toSorted());
  });
});

describe('lib/http/README.md', () => {
  const page = readPage('lib/http/README.md');
  const { operators, withUrl } = readService();
  const calls = [...page.matchAll(/^npm run op -- (\S+)(?: '(.+)')?(?: --stage dev)?$/gm)];

  it.each([...operators, ...withUrl])('describes %s in a table', (name) => {
    const row = `| [${name}](../../functions/${name}.ts) `;
    expectNoFindings(page.includes(`\n${row}`) ? [] : [`lib/http/README.md: add a table row that begins with ${row}`]);
  });

  it('has an example of each operator function, with JSON input', () => {
    expect(new Set(calls.map(([, name]) => name))).toEqual(new Set(operators));
    for (const [, , json = '{}'] of calls) expect(JSON.parse(json)).toBeTypeOf('object');
  });
});

describe('infra/README.md', () => {
  const readVariables = createRequire(import.meta.url)('../../../infra/build/settings.cjs') as (framework: {
    resolveVariable(text: string): Promise<unknown>;
  }) => Promise<unknown>;

  it('describes every variable of .env.example', () => {
    const names = [...readPage('.env.example').matchAll(/^(\w+)=/gm)].map(([, name]) => name!);
    expect(names.filter((name) => !(name in SETTINGS))).toEqual([]);
  });

  it('has examples that the packaging accepts', async () => {
    const resolveVariable = async (text: string) => {
      const name = /^env:(\w+), ''$/.exec(text)?.[1];
      if (name !== undefined) return SETTINGS[name as keyof typeof SETTINGS].example;
      return text === 'self:provider.region' ? 'ap-southeast-1' : false;
    };
    await expect(readVariables({ resolveVariable })).resolves.toMatchObject({ domainName: 'api.example.com' });
  });
});

describe('every page', () => {
  it.each(PAGES)('%s has only anchors and files that exist', (path) => {
    expectNoFindings(linkFindings(path));
  });
});

describe('the figures of the operating guides', () => {
  const { functions } = parse(readPage('serverless.yml')) as {
    functions: Record<string, { reservedConcurrency?: number }>;
  };
  const reserved = Object.values(functions).reduce((sum, { reservedConcurrency = 0 }) => sum + reservedConcurrency, 0);

  it.each([
    ['infra/ops/README.md', /reserves (\d+) concurrent executions/, /at least (\d+) first/],
    ['infra/ops/README.zh-CN.md', /预留 (\d+) 个并发/, /至少 (\d+) 个/],
  ])('%s names the reserved concurrency of prod, and a quota that leaves 100 executions', (path, sum, quota) => {
    const page = readPage(path);
    expect([sum.exec(page)?.[1], quota.exec(page)?.[1]]).toEqual([String(reserved), String(reserved + 100)]);
  });

  it('infra/README.md names the number of alarms', () => {
    const alarms = ['infra/alarms.yml', 'infra/alarms-urls.yml'].flatMap((path) => [
      ...readPage(path).matchAll(/Type: AWS::CloudWatch::Alarm$/gm),
    ]);
    expect(/The template has (\d+) alarms/.exec(readPage('infra/README.md'))?.[1]).toBe(String(alarms.length));
  });
});

/** Links of a page that lead to no file, or to no heading of a page. */
function linkFindings(path: string): string[] {
  return [...readPage(path).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    if (/^https?:/.test(link)) return [];
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? path : join(dirname(path), file);
    if (!existsSync(target)) return [`${path}: ${link} leads to no file`];
    if (anchor === undefined || headingsOf(readPage(target)).includes(anchor)) return [];
    return [`${path}: ${link} leads to no heading`];
  });
}

/** The anchors of the headings, as GitHub forms them. */
function headingsOf(page: string): string[] {
  return [...page.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}
