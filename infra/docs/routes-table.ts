import { WECHAT_ERRORS } from '../../lib/http/api/shared.ts';
import type { Endpoint } from '../../lib/http/endpoint.ts';
import { ENDPOINTS, type EndpointList } from '../../lib/http/openapi/endpoints.ts';
import { routesByFunction } from './functions.ts';
import { code, codeList, table } from './markdown.ts';

/** Renders one table of routes for each tag of the OpenAPI document. */
export function routesTables(): string {
  const functions = routesByFunction();
  return Object.entries<EndpointList[string]>(ENDPOINTS)
    .map(([tag, endpoints]) => {
      const rows = Object.values(endpoints).map((endpoint) => routeRow(endpoint, functions));
      return `### ${tag}\n\n${table(['Route', 'Purpose', 'Session', 'Answer', 'Errors', 'Function'], rows)}`;
    })
    .join('\n\n');
}

function routeRow(endpoint: Endpoint, functions: Record<string, string[]>): string[] {
  const { method, path, summary, auth, status, errors } = endpoint;
  const route = `${method} ${path}`;
  const [name] = Object.entries(functions).find(([, routes]) => routes.includes(route)) ?? [];
  if (name === undefined) throw new Error(`No function of serverless.yml serves ${route}`);
  const file = `[${name}](../../functions/${name}.ts)`;
  return [code(route), summary, auth === 'session' ? 'yes' : 'no', String(status), errorsCell(errors), file];
}

/** The five codes of every call to WeChat appear as one link. */
function errorsCell(errors: Endpoint['errors']): string {
  const callsWechat = WECHAT_ERRORS.every((error) => errors.includes(error));
  const own = errors.filter((error) => !callsWechat || !(WECHAT_ERRORS as readonly string[]).includes(error));
  const cells = [
    ...(own.length > 0 ? [codeList(own)] : []),
    ...(callsWechat ? ['[WeChat](#errors-of-calls-to-wechat)'] : []),
  ];
  return cells.join(', ') || 'none';
}
