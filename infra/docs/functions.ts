import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** The routes of each function in serverless.yml, such as `GET /me`. */
export function routesByFunction(): Record<string, string[]> {
  const text = readFileSync(new URL('../../serverless.yml', import.meta.url), 'utf8');
  const { functions } = parse(text) as { functions: Record<string, { events?: { httpApi?: string }[] }> };
  const routesOf = ({ events = [] }: { events?: { httpApi?: string }[] }) =>
    events.flatMap(({ httpApi }) => (httpApi === undefined ? [] : [httpApi]));
  return Object.fromEntries(Object.entries(functions).map(([name, definition]) => [name, routesOf(definition)]));
}
