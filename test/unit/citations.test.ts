// Comments and pages link WeChat's documentation; lib/README.md indexes the pages.
import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  duplicateFindings,
  INDEX,
  readIndex,
  sectionNumberFindings,
  unknownPageFindings,
  unusedPageFindings,
  type TextFile,
} from '../support/citation-findings.ts';
import { expectNoFindings } from '../support/findings.ts';

const files: TextFile[] = globSync([
  '*.{ts,md,yml}',
  '{functions,lib,infra,test,.github}/**/*.{ts,js,mjs,cjs,md,yml}',
]).map((path) => ({ path, text: readFileSync(path, 'utf8') }));
const pages = readIndex(readFileSync(INDEX, 'utf8'));

describe('the links to the official documentation', () => {
  it('lead to pages of the index', () => {
    expectNoFindings(unknownPageFindings(files, pages));
  });

  it('cover every row of the index, which has one row for each page', () => {
    expect(pages.length).toBeGreaterThan(0);
    expectNoFindings([...duplicateFindings(pages), ...unusedPageFindings(files, pages)]);
  });

  it('replace section numbers everywhere', () => {
    expectNoFindings(files.flatMap(sectionNumberFindings));
  });
});

// Built from parts: the checks above read this file too.
const DOCS = `https://${'developers'}.weixin.qq.com`;
const PAY = `https://${'pay'}.weixin.qq.com`;
const page = (title: string, url: string) => ({ title, url });
const file = (text: string, path = 'lib/a.ts') => ({ path, text });

describe('readIndex', () => {
  it('reads the rows with a URL and skips the head of the table', () => {
    const table = `| Page | URL | Used for |\n| --- | --- | --- |\n| 登录  | ${DOCS}/login   | Login |\n`;
    expect(readIndex(table)).toEqual([page('登录', `${DOCS}/login`)]);
  });
});

describe('duplicateFindings', () => {
  it('finds a page with two rows', () => {
    const twice = [page('a', `${DOCS}/a`), page('b', `${DOCS}/b`), page('c', `${DOCS}/a`)];
    expect(duplicateFindings(twice)).toEqual([`${INDEX}: ${DOCS}/a has two rows`]);
  });
});

describe('unknownPageFindings', () => {
  it.each([
    ['a page of the platform', `/**\n * @see ${DOCS}/b\n */`, 2, `${DOCS}/b`],
    ['a longer address than the indexed one', `// See ${DOCS}/a/b.`, 1, `${DOCS}/a/b`],
    ['a page of WeChat Pay', `[page](${PAY}/doc/v3/merchant/1)`, 1, `${PAY}/doc/v3/merchant/1`],
    [
      'a page of the older wiki',
      `${PAY}/wiki/doc/api/jsapi.php?chapter=4_3`,
      1,
      `${PAY}/wiki/doc/api/jsapi.php?chapter=4_3`,
    ],
  ])('finds %s', (_, text, line, url) => {
    const known = [page('a', `${DOCS}/a`)];
    expect(unknownPageFindings([file(text)], known)).toEqual([
      `lib/a.ts:${line}: ${url} is not in the index of ${INDEX}`,
    ]);
  });

  it.each([
    ['an indexed page at the end of a sentence', `See ${DOCS}/a.`],
    ['an indexed page with a fragment', `${DOCS}/a#part`],
    ['the console', `${DOCS}/platform`],
    ['the merchant platform', `${PAY}/index.php`],
    ['an API host', 'https://api.weixin.qq.com/sns/jscode2session https://api.mch.weixin.qq.com/v3/certificates'],
  ])('accepts %s', (_, text) => {
    expect(unknownPageFindings([file(text)], [page('a', `${DOCS}/a`)])).toEqual([]);
  });
});

describe('unusedPageFindings', () => {
  it('finds a row that only the index itself names', () => {
    const both = [page('a', `${DOCS}/a`), page('b', `${DOCS}/b`)];
    const read = [file(`${DOCS}/a ${DOCS}/b`, INDEX), file(`// ${DOCS}/a`)];
    expect(unusedPageFindings(read, both)).toEqual([`${INDEX}: no file cites ${DOCS}/b (b)`]);
  });
});

describe('sectionNumberFindings', () => {
  it.each([
    [`/** Closes an order (pay ${2}.6). */`, 1, `pay ${2}.6`],
    [`// Vectors: Platform ${11}.5.`, 1, `Platform ${11}.5`],
    [`/**\n * Signs a request (pay\n * ${1}.1).\n */`, 2, `pay ${1}.1`],
    [`/** Platform section ${12}. */`, 1, `Platform section ${12}`],
  ])('finds %j', (text, line, words) => {
    const found = `lib/a.ts:${line}: "${words}" is no citation; cite the URL of the page`;
    expect(sectionNumberFindings(file(text))).toEqual([found]);
  });

  it.each([['WeChat Pay v3'], ['pay-notify-v2'], ['the platform, 3 retries'], ['prepay 1']])('accepts %j', (text) => {
    expect(sectionNumberFindings(file(text))).toEqual([]);
  });
});
