import { globSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../../lib/http/endpoint.ts';
import { ENDPOINTS } from '../../../lib/http/openapi/endpoints.ts';
import { OPERATORS } from '../../support/operators.ts';
import { expectNoFindings } from '../../support/findings.ts';
import { readSources } from '../../support/import-graph.ts';
import { routeFindings, servedEndpoint } from '../../support/route-findings.ts';
import { FUNCTION_GROUPS } from './rules.ts';

interface Definition {
  handler: string;
  url?: boolean;
  events?: { httpApi?: string }[];
}

const { functions } = parse(readFileSync('serverless.yml', 'utf8')) as { functions: Record<string, Definition> };
const files = readSources(process.cwd(), ['functions/*.ts']);
const nameOf = (path: string) => path.replace(/^functions\/|\.ts$/g, '');
const routeOf = ({ method, path }: Endpoint) => `${method} ${path}`;

async function readEndpoints() {
  const all: { name: string; file: string; route: string; endpoint: Endpoint }[] = [];
  for (const file of globSync('lib/http/api/*.ts').toSorted()) {
    const exports = (await import(/* @vite-ignore */ `${process.cwd()}/${file}`)) as Record<string, unknown>;
    for (const [name, value] of Object.entries(exports)) {
      if (isEndpoint(value)) all.push({ name, file, route: routeOf(value), endpoint: value });
    }
  }
  return all;
}

function isEndpoint(value: unknown): value is Endpoint {
  return typeof value === 'object' && value !== null && 'method' in value;
}

describe('serverless.yml', () => {
  it('has an entry for every function file, with the name of the file', () => {
    const names = files.map(({ path }) => nameOf(path));
    expectNoFindings([
      ...names.filter((name) => !(name in functions)).map((name) => `functions/${name}.ts has no entry`),
      ...Object.entries(functions)
        .filter(([name, { handler }]) => !names.includes(name) || handler !== `functions/${name}.handler`)
        .map(([name, { handler }]) => `${name} has the handler ${handler}: it must be functions/${name}.handler`),
    ]);
  });

  it('routes every endpoint to the function that serves it', async () => {
    const endpoints = await readEndpoints();
    const served = files.flatMap((file) => {
      const name = servedEndpoint(file);
      return name === undefined ? [] : [{ function: nameOf(file.path), name }];
    });
    const listed = Object.values(ENDPOINTS).flatMap((tagged) =>
      Object.entries<Endpoint>(tagged).map(([operationId, endpoint]) => {
        const name = endpoints.find((one) => one.endpoint === endpoint)?.name;
        return { operationId, route: routeOf(endpoint), ...(name !== undefined && { name }) };
      }),
    );
    const routed = Object.entries(functions).flatMap(([name, { events = [] }]) =>
      events.flatMap(({ httpApi }) => (httpApi === undefined ? [] : [{ function: name, route: httpApi }])),
    );
    expect(routed.length).toBeGreaterThan(20);
    expectNoFindings(routeFindings({ endpoints, listed, served, routed }, FUNCTION_GROUPS));
  });

  it.each(OPERATORS)('gives the operator function %s no public address', (name) => {
    expect(functions[name]).not.toHaveProperty('events');
    expect(functions[name]).not.toHaveProperty('url');
  });
});
