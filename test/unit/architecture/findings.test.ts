import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  castFindings,
  clockFindings,
  handlerFindings,
  keyFindings,
  lengthFindings,
  statusFindings,
} from '../../support/code-findings.ts';
import { circleFindings, importerFindings, moduleFindings, nameFindings } from '../../support/import-findings.ts';
import { readSources, type SourceFile } from '../../support/import-graph.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Parses files of a project that exists for one test. */
function project(sources: Record<string, string>): SourceFile[] {
  const folder = mkdtempSync(join(tmpdir(), 'architecture-'));
  folders.push(folder);
  for (const [path, source] of Object.entries(sources)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), source);
  }
  return readSources(folder, ['{functions,lib,infra}/**/*.{ts,cjs}']);
}

const fileOf = (path: string, source: string) => project({ [path]: source })[0]!;

describe('moduleFindings', () => {
  const rules = { 'lib/store': { imports: ['lib/core'], types: ['lib/events'] }, 'lib/wechat': { imports: [] } };
  const client = { 'lib/wechat/client.ts': 'export const call = 1; export default call; export type Call = number;' };

  it.each([
    ['a static import', "import { call } from '../wechat/client.ts'; call;"],
    ['an import of a default export', "import call from '../wechat/client.ts'; call;"],
    ['an import of a namespace', "import * as client from '../wechat/client.ts'; client;"],
    ['an import for its effect', "import '../wechat/client.ts';"],
    ['a type-only import', "import type { Call } from '../wechat/client.ts'; export type Mine = Call;"],
    ['an import in a type', "export type Mine = import('../wechat/client.ts').Call;"],
    ['export { … } from', "export { call } from '../wechat/client.ts';"],
    ['export type { … } from', "export type { Call } from '../wechat/client.ts';"],
    ['export * from', "export * from '../wechat/client.ts';"],
    ['export * as … from', "export * as client from '../wechat/client.ts';"],
    ['import()', "export const load = () => import('../wechat/client.ts');"],
    ['import() of a template', 'export const load = () => import(`../wechat/client.ts`);'],
    ['require()', "export const { call } = require('../wechat/client.ts');"],
    ['import … = require()', "import client = require('../wechat/client.ts'); client;"],
    ['a path with a detour', "import { call } from '../../lib/store/../wechat/client.ts'; call;"],
    ['a path without an extension', "import { call } from '../wechat/client'; call;"],
  ])('reports %s across a forbidden boundary', (_, source) => {
    const files = project({ ...client, 'lib/store/orders.ts': source });
    expect(moduleFindings(files, rules)).toEqual([
      'lib/store/orders.ts imports lib/wechat/client.ts: lib/store may import lib/core, types of lib/events only',
    ]);
  });

  const events = { 'lib/events/schemas.ts': 'export const schema = 1; export type Event = number;' };
  const typeRules = { 'lib/store': rules['lib/store'], 'lib/events': { imports: [] } };

  it.each([
    ['import type', "import type { Event } from '../events/schemas.ts'; export type Mine = Event;"],
    ['export type', "export type { Event } from '../events/schemas.ts';"],
    ['an import in a type', "export type Mine = import('../events/schemas.ts').Event;"],
  ])('allows %s where types may cross', (_, source) => {
    expect(moduleFindings(project({ ...events, 'lib/store/orders.ts': source }), typeRules)).toEqual([]);
  });

  it.each([
    ['a value', "import { schema } from '../events/schemas.ts'; schema;"],
    ['an import that stays when its types are stripped', "import { type Event } from '../events/schemas.ts'; Event;"],
  ])('reports %s where only types may cross', (_, source) => {
    expect(moduleFindings(project({ ...events, 'lib/store/orders.ts': source }), typeRules)).toEqual([
      'lib/store/orders.ts imports lib/events/schemas.ts: lib/store may import types of lib/events only',
    ]);
  });

  it('reports a folder without a rule, and a rule without a folder', () => {
    expect(moduleFindings(project({ 'lib/new/a.ts': '' }), { 'lib/old': { imports: [] } })).toEqual([
      'lib/new/ has no row in MODULES',
      'MODULES has a row for lib/old/, which has no file',
    ]);
  });
});

describe('readSources', () => {
  it('reports imports that cannot be followed', () => {
    const source = "\nexport const load = (name: string) => import(name);\nimport './gone.ts';";
    expect(fileOf('lib/core/a.ts', source).unresolved).toEqual([
      'lib/core/a.ts:2 imports a computed path',
      'lib/core/a.ts imports ./gone.ts: no such file',
    ]);
  });
});

describe('importerFindings', () => {
  it('reports an import of a package by another file, and a listed file without the import', () => {
    const files = project({
      'lib/pay/a.ts': "export { DynamoDBClient } from '@aws-sdk/client-dynamodb';",
      'lib/store/b.ts': '',
    });
    expect(importerFindings(files, { '@aws-sdk/': ['lib/store/'] })).toEqual([
      'lib/pay/a.ts imports @aws-sdk/: only lib/store/ may',
      'lib/store/ does not import @aws-sdk/: remove it from IMPORTERS',
    ]);
  });
});

describe('nameFindings', () => {
  const rules = { readPush: ['lib/wechat/open.ts'] };
  const reader = { 'lib/wechat/read.ts': 'export function readPush() {} export const other = 1;' };
  const openedBy = (source: string) => project({ ...reader, 'lib/wechat/open.ts': source });

  it.each([
    ['by its name', "import { readPush } from '../wechat/read.ts'; readPush();"],
    ['under another name', "import { readPush as read } from '../wechat/read.ts'; read();"],
    ['with everything else', "import * as all from '../wechat/read.ts'; all.readPush();"],
    ['by import()', "export const { readPush: read } = await import('../wechat/read.ts');"],
  ])('reports an import of a restricted export %s', (_, source) => {
    expect(nameFindings(project({ ...reader, 'lib/pay/a.ts': source }), rules)).toEqual([
      'lib/pay/a.ts imports readPush of lib/wechat/read.ts: only lib/wechat/open.ts may',
    ]);
  });

  it.each([
    ['export { … } from', "export { readPush } from './read.ts';"],
    ['export { … as … } from', "export { readPush as read } from './read.ts';"],
    ['export * from', "export * from './read.ts';"],
    ['an import and an export', "export { readPush }; import { readPush } from './read.ts';"],
  ])('reports %s of a restricted export in the file that may import it', (_, source) => {
    expect(nameFindings(openedBy(source), rules)).toEqual([
      'lib/wechat/open.ts exports readPush of lib/wechat/read.ts again: only the declaring file may export it',
    ]);
  });

  it('allows the listed file, and imports of other names', () => {
    expect(nameFindings(openedBy("import { readPush } from './read.ts'; readPush();"), rules)).toEqual([]);
    const other = project({ ...reader, 'lib/pay/a.ts': "import { other } from '../wechat/read.ts'; other;" });
    expect(nameFindings(other, rules)).toEqual([]);
  });

  it('reports a name that no file exports', () => {
    expect(nameFindings(project({ 'lib/wechat/read.ts': '' }), rules)).toEqual([
      'NAME_IMPORTERS lists readPush, which no file exports',
    ]);
  });
});

describe('circleFindings', () => {
  it('reports each circle once, also one of types and of re-exports', () => {
    const files = project({
      'lib/a.ts': "import { b } from './b.ts'; import './d.ts'; export const a = b;",
      'lib/b.ts': "export * from './c.ts'; export const b = 1;",
      'lib/c.ts': "import type { a } from './a.ts'; export type C = typeof a;",
      'lib/d.ts': "export const load = () => import('./a.ts');",
      'lib/e.ts': "import './a.ts';",
    });
    const rule = 'imports must not form a circle, not even of types';
    expect(circleFindings(files)).toEqual([
      `lib/a.ts → lib/d.ts → lib/a.ts: ${rule}`,
      `lib/a.ts → lib/b.ts → lib/c.ts → lib/a.ts: ${rule}`,
    ]);
  });
});

describe('the checks of one file', () => {
  it.each([
    'export const key = { pk: `ORDER#${1}`, sk: 0 };',
    'export const text = `ORDER#${1}`;',
    "export const text = 'ORDER#' + 1;",
    "export const key = { sk: 'ORDER' };",
  ])('report the key in %s', (source) => {
    expect(keyFindings(fileOf('lib/pay/a.ts', source), 'keys.ts')).toEqual([
      'lib/pay/a.ts:1: only keys.ts may build keys',
    ]);
  });

  it.each(['new Date()', 'new Date', 'Date()'])('report the clock in %s', (read) => {
    expect(clockFindings(fileOf('lib/pay/a.ts', `\nexport const now = ${read};`), 'runtime.ts')).toEqual([
      'lib/pay/a.ts:2: only runtime.ts may read the clock',
    ]);
  });

  it('allow a date of a given time', () => {
    expect(clockFindings(fileOf('lib/pay/a.ts', 'export const day = new Date(0);'), 'runtime.ts')).toEqual([]);
  });

  it.each(['export const a = { statusCode: 204 };', 'export interface A { statusCode: number }'])(
    'report the HTTP status in %s',
    (source) => {
      expect(statusFindings(fileOf('lib/pay/a.ts', source), ['lib/http/'])).toEqual([
        'lib/pay/a.ts:1: only lib/http/ may write an HTTP status',
      ]);
    },
  );

  it.each([
    ['export const handler = 1, other = 2;', 'handler, other'],
    ["export const handler = 1; export * from './b.ts';", 'handler, *'],
    ['export default 1; export const handler = 1;', 'default, handler'],
    ['export const handler = 1; export type Input = string;', 'handler, Input'],
  ])('report the exports of the function file %s', (source, exported) => {
    const [file] = project({ 'functions/a.ts': source, 'functions/b.ts': '' });
    expect(handlerFindings(file!)).toEqual([`functions/a.ts exports ${exported}: it may export handler only`]);
  });

  it('report a file with a line too many', () => {
    expect(lengthFindings(fileOf('lib/pay/a.ts', '\n\n'), 2)).toEqual([]);
    expect(lengthFindings(fileOf('lib/pay/a.ts', '\n\n\n'), 2)).toEqual([
      'lib/pay/a.ts has 3 lines: at most 2 are allowed',
    ]);
  });
});

describe('castFindings', () => {
  const casters = { Verified: ['lib/wechat-pay/'] };

  it('reports a cast to a type of verified input elsewhere', () => {
    const file = fileOf('lib/pay/x.ts', 'export const x = (y: unknown) => y as unknown as Verified<string>;');
    expect(castFindings(file, casters)).toEqual(['lib/pay/x.ts:1: only lib/wechat-pay/ may cast to Verified']);
  });

  it('accepts the cast where the input is verified, and casts to other types', () => {
    const cast = 'export const x = (y: unknown) => y as Verified<string>;';
    expect(castFindings(fileOf('lib/wechat-pay/v3/x.ts', cast), casters)).toEqual([]);
    expect(castFindings(fileOf('lib/pay/x.ts', 'export const x = (y: unknown) => y as string;'), casters)).toEqual([]);
  });
});
