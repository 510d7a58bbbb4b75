import { describe, it } from 'vitest';
import {
  castFindings,
  clockFindings,
  handlerFindings,
  keyFindings,
  lengthFindings,
  statusFindings,
} from '../../support/code-findings.ts';
import { expectNoFindings } from '../../support/findings.ts';
import { isIn } from '../../support/import-findings.ts';
import { readSources } from '../../support/import-graph.ts';
import { CASTERS, CLOCK_READER, KEY_BUILDER, MAX_LINES, STATUS_WRITERS } from './rules.ts';

const files = readSources(process.cwd(), ['{functions,lib,infra,test}/**/*.{ts,js,mjs,cjs}']);
const product = files.filter(({ path }) => /^(functions|lib)\//.test(path));
const functions = files.filter(({ path }) => path.startsWith('functions/'));
const productWithout = (...entries: string[]) => product.filter(({ path }) => !isIn(entries, path));

describe('the code', () => {
  it('builds keys of the table in one file', () => {
    expectNoFindings(productWithout(KEY_BUILDER).flatMap((file) => keyFindings(file, KEY_BUILDER)));
  });

  it('reads the clock in one file', () => {
    expectNoFindings(productWithout(CLOCK_READER).flatMap((file) => clockFindings(file, CLOCK_READER)));
  });

  it('casts to the types of verified input only where the input is verified', () => {
    expectNoFindings(product.flatMap((file) => castFindings(file, CASTERS)));
  });

  it('writes HTTP statuses in lib/http and in the function files only', () => {
    expectNoFindings(productWithout(...STATUS_WRITERS).flatMap((file) => statusFindings(file, STATUS_WRITERS)));
  });

  it('has function files that are short and export the handler only', () => {
    expectNoFindings(
      functions.flatMap((file) => [...lengthFindings(file, MAX_LINES.function), ...handlerFindings(file)]),
    );
  });

  it('has no file that is too long', () => {
    expectNoFindings(files.flatMap((file) => lengthFindings(file, MAX_LINES.file)));
  });
});
