import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { beforeAll, describe, it } from 'vitest';
import { expectNoFindings } from '../../support/findings.ts';
import { readSources } from '../../support/import-graph.ts';
import { accessFindings, addressFindings, type DeclaredFunction } from '../../support/template/access-findings.ts';
import { codeAccess, storeFindings, type CodeAccess } from '../../support/template/code-access.ts';

const { functions, custom } = parse(readFileSync('serverless.yml', 'utf8')) as {
  functions: Record<string, DeclaredFunction>;
  custom: { paySecrets: string[] };
};
const anchors = { paySecrets: custom.paySecrets };
const names = Object.keys(functions);
const code = new Map<string, CodeAccess>();
const unlisted = storeFindings(readSources(process.cwd(), ['lib/store/*.ts']));

describe('STORE_ACCESS', () => {
  it('lists every exported function of lib/store', () => {
    expectNoFindings(unlisted);
  });
});

describe('serverless.yml', () => {
  beforeAll(async () => {
    // For a store function without an entry in STORE_ACCESS, the checks below would report excess access.
    expectNoFindings(unlisted);
    for (const name of names) code.set(name, await codeAccess(`functions/${name}.ts`));
  });

  it.each(names)('grants %s exactly the secrets and items that its code reaches', (name) => {
    expectNoFindings(accessFindings(name, functions[name]!, code.get(name)!, anchors));
  });

  it.each(names)('gives %s the fixed address only if it calls WeChat with a secret or a token', (name) => {
    expectNoFindings(addressFindings(name, functions[name]!, code.get(name)!));
  });
});
