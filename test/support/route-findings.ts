// Checks that the endpoints, their list, the function files and serverless.yml agree. Each finding is one line that
// names the route and the file to edit.
import type { SourceFile } from './import-graph.ts';

export interface Routes {
  /** Exported constants of lib/http/api. */
  endpoints: { name: string; file: string; route: string }[];
  /** Entries of ENDPOINTS. `name` is the exported constant, if there is one. */
  listed: { operationId: string; name?: string; route: string }[];
  /** Function files by the exported constant that they serve. */
  served: { function: string; name: string }[];
  /** Events of serverless.yml. */
  routed: { function: string; route: string }[];
}

/** The functions that return the handler of an endpoint. */
const HANDLERS: (string | undefined)[] = ['route', 'browserRoute', 'fileRoute'];
const LIST = 'lib/http/openapi/endpoints.ts';

export function routeFindings(routes: Routes, groups: string[]): string[] {
  return [
    ...routes.endpoints.flatMap((endpoint) => [
      ...listFindings(endpoint, routes.listed),
      ...functionFindings(endpoint, routes.served, groups),
    ]),
    ...routes.listed
      .filter(({ name }) => name === undefined)
      .map(({ operationId, route }) => `${route}: export ${operationId} of ${LIST} from lib/http/api`),
    ...eventFindings(routes),
  ];
}

function listFindings({ name, file, route }: Routes['endpoints'][number], listed: Routes['listed']): string[] {
  const entries = listed.filter((one) => one.name === name);
  if (entries.length === 0) return [`${route}: add ${name} of ${file} to ENDPOINTS in ${LIST}`];
  return entries
    .filter(({ operationId }) => operationId !== name)
    .map(({ operationId }) => `${route}: rename ${name} in ${file} to its operationId ${operationId}`);
}

function functionFindings(
  { name, file, route }: Routes['endpoints'][number],
  served: Routes['served'],
  groups: string[],
): string[] {
  const names = fileNamesOf(name, groups);
  const paths = served.filter((one) => one.name === name).map((one) => one.function);
  if (paths.length === 0) return [`${route}: add functions/${names[0]}.ts, which serves ${name} of ${file}`];
  if (paths.length > 1) return [`${route}: served by functions/${paths.join('.ts and functions/')}.ts: remove one`];
  return paths
    .filter((path) => !names.includes(path))
    .map((path) => `${route}: rename functions/${path}.ts to ${names[0]}.ts, because it serves ${name}`);
}

/** At most one finding for each wrong event: an event may be missing, of another function, of a wrong route, or too much. */
function eventFindings({ endpoints, served, routed }: Routes): string[] {
  const owners = new Map<string, string>();
  for (const { name, route } of endpoints) {
    const owner = served.find((one) => one.name === name)?.function;
    if (owner !== undefined) owners.set(route, owner);
  }
  const misplaced = routed.filter(({ function: fn, route }) => (owners.get(route) ?? fn) !== fn);
  const unknown = routed.filter(({ route }) => !owners.has(route));
  const missing = [...owners].filter(([route]) => !routed.some((one) => one.route === route));
  return [
    ...misplaced.map(
      ({ function: fn, route }) =>
        `${route}: move its event in serverless.yml from ${fn} to ${owners.get(route)!}, which serves it`,
    ),
    ...missing.map(([route, owner]) => {
      const wrong = unknown.find((one) => one.function === owner);
      if (wrong === undefined) return `${route}: add the event "httpApi: ${route}" to ${owner} in serverless.yml`;
      unknown.splice(unknown.indexOf(wrong), 1);
      return `${route}: change the event "httpApi: ${wrong.route}" of ${owner} in serverless.yml to "httpApi: ${route}"`;
    }),
    ...unknown.map(
      ({ function: fn, route }) =>
        `${route}: remove its event from ${fn} in serverless.yml: no function serves this route`,
    ),
  ];
}

/**
 * The names that a function file may have: the words of the operationId with the verb last, without get and list, and
 * with or without a group in front.
 */
export function fileNamesOf(operationId: string, groups: string[]): string[] {
  const [first = '', ...rest] = operationId.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
  const words = groups.includes(first) ? [first, ...rest] : ['get', 'list'].includes(first) ? rest : [...rest, first];
  const name = words.join('-');
  return [name, ...groups.map((group) => `${group}-${name}`)];
}

/** The exported name of the endpoint in `export const handler = route(endpoint, …)`, or with `browserRoute`. */
export function servedEndpoint({ program }: SourceFile): string | undefined {
  const names = new Map<string, string>();
  let local: string | undefined;
  for (const node of program.body) {
    if (node.type === 'ImportDeclaration') {
      for (const one of node.specifiers) {
        if (one.type === 'ImportSpecifier' && one.imported.type === 'Identifier') {
          names.set(one.local.name, one.imported.name);
        }
      }
    }
    const declaration = node.type === 'ExportNamedDeclaration' ? node.declaration : undefined;
    if (declaration?.type !== 'VariableDeclaration') continue;
    for (const { init } of declaration.declarations) {
      if (init?.type !== 'CallExpression' || init.callee.type !== 'Identifier') continue;
      const [endpoint] = init.arguments;
      if (HANDLERS.includes(names.get(init.callee.name)) && endpoint?.type === 'Identifier') local = endpoint.name;
    }
  }
  return local === undefined ? undefined : names.get(local);
}
