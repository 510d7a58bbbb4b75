// Checks the tests that the table of the live platform in infra/simulator/README.md names.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VARIANTS } from '../../infra/simulator/variants.ts';

const FOLDER = 'infra/simulator';

interface Row {
  behaviour: string;
  simulator: string;
  tests: string;
}

/** Returns the rows of the table under the heading `## The live platform`. */
function readRows(page: string): Row[] {
  const section = page.split('\n## ').find((part) => part.startsWith('The live platform\n')) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| '));
  return rows.slice(2).map((row) => {
    const [behaviour = '', simulator = '', tests = ''] = row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    return { behaviour, simulator, tests };
  });
}

/** Returns the fault of an entry such as `[menu.test.ts](../../test/integration/menu.test.ts): "a title"`. */
function faultOf(entry: string): string | undefined {
  const [, name, link, title] = /^\[([\w-]+\.test\.ts)\]\(([^)]+)\): "([^"]+)"$/.exec(entry) ?? [];
  if (name === undefined || link === undefined || title === undefined) return `${entry}: is not [file](link): "title"`;
  const file = join(FOLDER, link);
  if (!file.endsWith(`/${name}`) || !existsSync(file)) return `${entry}: there is no such file`;
  const source = readFileSync(file, 'utf8');
  return ["'", '`', '"'].some((quote) => source.includes(quote + title + quote))
    ? undefined
    : `${file} has no test "${title}"`;
}

describe('the table of the live platform', () => {
  const rows = readRows(readFileSync(join(FOLDER, 'README.md'), 'utf8'));

  it.each(rows)('names existing tests of the backend for: $behaviour', ({ behaviour, simulator, tests }) => {
    expect([behaviour, simulator]).not.toContain('');
    expect(tests.split('<br>').map(faultOf).filter(Boolean)).toEqual([]);
  });

  it('names every variant of the simulator', () => {
    const planned = rows.map(({ simulator }) => simulator).join('\n');
    const missing = Object.entries(VARIANTS).flatMap(([target, actions]) =>
      actions.filter((action) => !planned.includes(`\`${target}\``) || !planned.includes(`\`${action}\``)),
    );
    expect(missing).toEqual([]);
  });

  it.each([
    ['the link is missing', 'menu.test.ts: "a title"'],
    ['the file is missing', '[none.test.ts](../../test/integration/none.test.ts): "a title"'],
    ['the link leads to another file', '[menu.test.ts](../../test/integration/phone.test.ts): "rejects a login code"'],
    ['the title is cut', '[phone.test.ts](../../test/integration/phone.test.ts): "rejects a login"'],
  ])('reports an entry when %s', (_, entry) => {
    expect(faultOf(entry)).toMatch(/is not \[file\]|no such file|has no test/);
  });
});
