import { describe, expect, it } from 'vitest';
import { expectNoFindings } from '../../support/findings.ts';
import { circleFindings, importerFindings, moduleFindings, nameFindings } from '../../support/import-findings.ts';
import { readSources } from '../../support/import-graph.ts';
import { IMPORTERS, MODULES, NAME_IMPORTERS } from './rules.ts';

const files = readSources(process.cwd(), ['{functions,lib,infra}/**/*.{ts,js,mjs,cjs}']);
const product = files.filter(({ path }) => /^(functions|lib)\//.test(path));

describe('imports', () => {
  it('can all be resolved', () => {
    expect(product.length).toBeGreaterThan(100);
    expectNoFindings(files.flatMap(({ unresolved }) => unresolved));
  });

  it('cross modules only where MODULES allows it', () => {
    expectNoFindings(moduleFindings(files, MODULES));
  });

  it('of the packages and folders in IMPORTERS are in the listed files only', () => {
    expectNoFindings(importerFindings(product, IMPORTERS));
  });

  it('of the readers of unverified content are in the listed files only', () => {
    expectNoFindings(nameFindings(files, NAME_IMPORTERS));
  });

  it('form no circle in functions/ and lib/', () => {
    expectNoFindings(circleFindings(product));
  });

  it('form no circle in infra/', () => {
    expectNoFindings(circleFindings(files.filter(({ path }) => path.startsWith('infra/'))));
  });
});
