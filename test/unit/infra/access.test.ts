import { globSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { beforeAll, describe, expect, it } from 'vitest';
import { codeAccess, REFUNDERS, unknownExports, type CodeAccess } from '../../support/template/code-access.ts';
import { FOLLOW_UP_INDEX, PAID_INDEX } from '../../support/template/store-access.ts';

interface Declared {
  handler: string;
  vpc?: string;
  access?: { secrets?: (string | string[])[]; table?: Record<string, string[]>; statements?: { Action: string }[] };
}

const { functions } = parse(readFileSync('serverless.yml', 'utf8')) as { functions: Record<string, Declared> };
const names = Object.keys(functions);
const code = new Map<string, CodeAccess>();

beforeAll(async () => {
  for (const name of names) code.set(name, await codeAccess(`functions/${name}.ts`));
});

describe('what serverless.yml lets a function do is what its code can come to, no more and no less', () => {
  it.each(names)('%s reads its secrets', (name) => {
    expect((functions[name]!.access?.secrets ?? []).flat().toSorted()).toEqual(code.get(name)!.secrets);
  });

  it.each(names)('%s reaches its kinds of items', (name) => {
    const { [FOLLOW_UP_INDEX]: followUps = [], [PAID_INDEX]: paid = [], ...ofItems } = code.get(name)!.table;
    const { table = {}, statements = [] } = functions[name]!.access ?? {};
    const declared = Object.entries(table).map(([kind, actions]) => [kind, actions.toSorted()]);
    expect(Object.fromEntries(declared)).toEqual(ofItems);
    const queries = statements.filter(({ Action }) => Action === 'dynamodb:Query');
    expect(queries).toHaveLength(followUps.length + paid.length);
  });

  it.each(names.filter((name) => !REFUNDERS.includes(name)))(
    '%s has the fixed address if it calls WeChat with a secret or a token',
    (name) => {
      const expected = code.get(name)!.whitelisted ? '${self:custom.settings.whitelisted}' : undefined;
      expect(functions[name]!.vpc).toBe(expected);
    },
  );
});

it('knows every function of lib/store', () => {
  const unknown = globSync('lib/store/*.ts').flatMap((path) => {
    const room = path.replace(/^lib\/store\/|\.ts$/g, '');
    return unknownExports(room, readFileSync(path, 'utf8')).map((name) => `${room}.${name}`);
  });
  expect(unknown).toEqual([]);
});
