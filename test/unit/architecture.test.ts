import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../lib/http/endpoint.ts';
import { ENDPOINTS } from '../../lib/http/openapi/endpoints.ts';

const files = globSync('{functions,lib}/**/*.ts').map((path) => ({ path, source: readFileSync(path, 'utf8') }));
const simulator = globSync('infra/simulator/**/*.ts').map((path) => ({ path, source: readFileSync(path, 'utf8') }));

/** Modules that every other one may use. */
const COMMON = ['core', 'secrets'];
const FLOWS = [
  'platform-token',
  'identity',
  'scan-login',
  'h5',
  'official-account',
  'notify',
  'pay',
  'reconciliation',
  'events',
  'wallet',
];
const PROTOCOLS = ['wechat', 'wechat-pay', 'wechat-pay/v3', 'wechat-pay/v2'];

/** Which modules a module may import from, besides itself and COMMON. Arrows run one way. */
const ARROWS: Record<string, string[]> = {
  functions: [...FLOWS, ...PROTOCOLS, 'http', 'http/api', 'http/openapi', 'wiring'],
  wiring: [...FLOWS, ...PROTOCOLS, 'store', 'rate-limit'],
  'rate-limit': ['store'],
  http: [],
  'http/api': ['http'],
  'http/openapi': ['http', 'http/api'],
  'platform-token': ['wechat', 'store'],
  h5: ['platform-token', 'identity', 'wechat', 'store'],
  identity: ['platform-token', 'wechat', 'store'],
  'scan-login': ['platform-token', 'identity', 'wechat', 'store'],
  'official-account': ['platform-token', 'identity', 'scan-login', 'wechat', 'store'],
  notify: ['platform-token', 'wechat'],
  pay: ['identity', 'wechat-pay', 'wechat-pay/v3', 'wechat-pay/v2', 'store'],
  reconciliation: ['wechat-pay', 'store'],
  events: ['store'],
  wallet: ['identity', 'store'],
  'wechat-pay': ['wechat-pay/v3', 'store'],
  'wechat-pay/v3': ['wechat-pay'],
  'wechat-pay/v2': ['wechat-pay'],
  wechat: [],
  store: [],
};
/**
 * Shapes of stored entities and of events are plain data: a module may name them that must not import what reaches the
 * table, or the bus.
 */
const TYPES_ONLY: Record<string, string[]> = {
  'wechat-pay': ['store'],
  'wechat-pay/v3': ['store'],
  'wechat-pay/v2': ['store'],
  wallet: ['events'],
};

function roomOf(path: string): string {
  if (path.startsWith('functions/')) return 'functions';
  const inside = dirname(path).replace(/^lib\/?/, '');
  return inside || path.replace(/^lib\/|\.ts$/g, '');
}

function importsOf(path: string, source: string) {
  const pattern = /^import (type )?[^;]*?from '([^']+)'/gms;
  return [...source.matchAll(pattern)].map(([, typeOnly, target]) => ({
    typeOnly: typeOnly !== undefined,
    target: target!.startsWith('.') ? normalize(join(dirname(path), target!)) : target!,
  }));
}

describe('architecture', () => {
  it('knows every room', () => {
    const rooms = new Set(files.map(({ path }) => roomOf(path)));
    expect([...rooms].filter((room) => !(room in ARROWS) && !COMMON.includes(room))).toEqual([]);
  });

  it.each(files)('$path imports only along the arrows', ({ path, source }) => {
    const room = roomOf(path);
    const allowed = new Set([room, ...COMMON, ...(ARROWS[room] ?? [])]);
    const types = new Set(TYPES_ONLY[room] ?? []);
    const crossing = importsOf(path, source)
      .filter(({ target }) => target.startsWith('lib/') || target.startsWith('functions/'))
      .filter(({ target, typeOnly }) => !allowed.has(roomOf(target)) && !(typeOnly && types.has(roomOf(target))));
    expect(crossing).toEqual([]);
  });

  it.each(files)('$path imports nothing from the local stack or the tests', ({ path, source }) => {
    expect(importsOf(path, source).filter(({ target }) => /^(infra|test)\//.test(target))).toEqual([]);
  });

  it.each(simulator)('the simulator signs with code of its own: $path', ({ path, source }) => {
    expect(importsOf(path, source).filter(({ target }) => /^(lib|functions)\//.test(target))).toEqual([]);
  });

  const only = (allowed: string[], pattern: RegExp) =>
    files.filter(({ path, source }) => pattern.test(source) && !allowed.includes(path)).map(({ path }) => path);

  it('reads the environment in one place, the clock and chance in another', () => {
    expect(only(['lib/core/config.ts'], /process\.env/)).toEqual([]);
    expect(only(['lib/core/runtime.ts'], /Date\.now|Math\.random|new Date\(\)|setTimeout/)).toEqual([]);
    expect(only([], /\bfetch\(|globalThis\.fetch/)).toEqual([]);
  });

  it('touches AWS in the store, and where it says so; and builds keys on one page', () => {
    const sdk = files.filter(({ source }) => source.includes("from '@aws-sdk/")).map(({ path }) => path);
    const beside = ['lib/events/bus.ts', 'lib/reconciliation/report-store.ts', 'lib/secrets/parameter-store.ts'];
    expect(sdk.filter((path) => roomOf(path) !== 'store').toSorted()).toEqual(beside);
    expect(
      only(
        ['lib/store/keys.ts'],
        /\bpk: ?`|`(ACCOUNT|ORDER|SESSION|TICKET|IDENTITY|TOKEN|PRICE|CLAIM|MISMATCH|NOTICE|DUE|UNION|PHONE|MERGE|USERTOKEN|RATE|WALLET|ENTRY|REFUND|BILL|DIFF|PAID|PAYKEYS)#/,
      ),
    ).toEqual([]);
  });

  it('reads no push that was not opened', () => {
    const readers = files.filter(({ source }) => /import \{[^}]*\breadPush\b/.test(source)).map(({ path }) => path);
    expect(readers).toEqual(['lib/wechat/official-push.ts']);
  });

  it('writes HTTP statuses in lib/http only', () => {
    const flows = files.filter(({ path }) => FLOWS.includes(roomOf(path)) || roomOf(path) === 'store');
    expect(flows.filter(({ source }) => /statusCode/.test(source)).map(({ path }) => path)).toEqual([]);
  });

  it('keeps function files short, and exports the handler alone', () => {
    for (const { path, source } of files.filter((file) => file.path.startsWith('functions/'))) {
      expect(source.split('\n').length, path).toBeLessThanOrEqual(41);
      expect(
        source.match(/^export .*$/gm)?.map((line) => line.split(/[ =(]/)[2]),
        path,
      ).toEqual(['handler']);
    }
  });

  it('has no file over 300 lines', () => {
    const long = [...files, ...simulator].filter(({ source }) => source.split('\n').length > 301);
    expect(long.map(({ path }) => path)).toEqual([]);
  });
});

type Module = Record<string, unknown>;

async function importAll(path: string): Promise<[path: string, Module]> {
  return [path, (await import(/* @vite-ignore */ `${process.cwd()}/${path}`)) as Module];
}

function isEndpoint(value: unknown): value is Endpoint {
  return typeof value === 'object' && value !== null && 'method' in value;
}

function routeOf({ method, path }: Endpoint): string {
  return `${method} ${path}`;
}

interface FunctionDefinition {
  handler: string;
  url?: boolean;
  events?: { httpApi?: string }[];
}

describe('serverless.yml', () => {
  const { functions } = parse(readFileSync('serverless.yml', 'utf8')) as {
    functions: Record<string, FunctionDefinition>;
  };

  it('names every function file, under the name of the file', () => {
    const names = files.flatMap(({ path }) => /^functions\/(.+)\.ts$/.exec(path)?.[1] ?? []);
    expect(Object.keys(functions).toSorted()).toEqual(names.toSorted());
    for (const [name, { handler }] of Object.entries(functions)) expect(handler).toBe(`functions/${name}.handler`);
  });

  it('routes exactly the endpoints of the list, each to the function that serves it', async () => {
    const modules = Object.fromEntries(await Promise.all(globSync('lib/http/api/*.ts').map(importAll)));
    const listed = Object.values(ENDPOINTS).flatMap((tagged) => Object.values<Endpoint>(tagged));
    const described = Object.values(modules).flatMap((module) => Object.values(module).filter(isEndpoint));
    expect(new Set(listed)).toEqual(new Set(described));
    const served = files.flatMap(({ path, source }) => {
      const imported = /import \{ (\w+)(?: as (\w+))? \} from '\.\.\/(lib\/http\/api\/.+)'/.exec(source);
      if (!imported) return [];
      const [, name, alias = name, module] = imported;
      expect(source).toContain(`export const handler = route(${alias},`);
      return [[path, routeOf(modules[module!]![name!] as Endpoint)]];
    });
    const routed = Object.entries(functions).flatMap(([name, { events = [] }]) =>
      events.flatMap(({ httpApi }) => (httpApi ? [[`functions/${name}.ts`, httpApi]] : [])),
    );
    expect(routed.toSorted()).toEqual(served.toSorted());
    expect(routed.map(([, route]) => route).toSorted()).toEqual(listed.map(routeOf).toSorted());
  });

  it('loads the list of all endpoints for their document alone', () => {
    const readers = files.filter(
      ({ path, source }) =>
        roomOf(path) !== 'http/openapi' &&
        importsOf(path, source).some(({ target }) => target.startsWith('lib/http/openapi/')),
    );
    expect(readers.map(({ path }) => path)).toEqual(['functions/openapi.ts']);
  });

  it.each(['catalog-put', 'menu-publish', 'pay-refund'])('gives the operator function %s no public address', (name) => {
    expect(functions[name]).not.toHaveProperty('events');
    expect(functions[name]).not.toHaveProperty('url');
  });
});
