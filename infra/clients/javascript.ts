import { readFileSync } from 'node:fs';
import type { Method } from './methods.ts';

const EXPORTS = {
  h5: 'export { ApiError, createClient };',
  miniprogram: 'module.exports = { ApiError, createClient };',
};

/** The platform of a client. Each one sends requests with its own API. */
export type Platform = keyof typeof EXPORTS;

/** The argument of an upload: its field and the type of the field. */
export const FILE_ARGUMENT = {
  h5: { field: 'file', type: 'Blob' },
  miniprogram: { field: 'filePath', type: 'string' },
} satisfies Record<Platform, object>;

/** Renders the code of a client: the files of runtime/, and a line for each method. */
export function javascript(methods: Method[], platform: Platform): string {
  const lines = methods.map(
    (method) => `/** ${method.summary}. */\n${method.isRedirect ? address(method) : call(method, platform)},`,
  );
  return `
    ${runtime('common')}
    ${runtime(platform)}
    /** A client of the service at \`baseUrl\`. */
    function createClient(options) {
      const send = createSend(options);
      return {\n${lines.join('\n')}\n};
    }

    ${EXPORTS[platform]}
  `;
}

/** Removes comment lines, imports and exports, because all parts become one file with its own banner and exports. */
function runtime(name: string): string {
  const source = readFileSync(new URL(`runtime/${name}.js`, import.meta.url), 'utf8');
  return source.replace(/^\/\/ .*\n|^import .*\n/gm, '').replace(/^export /gm, '');
}

function call(method: Method, platform: Platform): string {
  if (method.isUpload) {
    const file = `{ ${FILE_ARGUMENT[platform].field} }`;
    return `${method.name}: (${file}) => send('${method.verb}', ${pathOf(method)}, ${file})`;
  }
  const query = fields(method, 'query');
  const headers = fields(method, 'header');
  const sent = [query && `query: ${query}`, headers && `headers: ${headers}`, method.hasBody && 'body'].filter(Boolean);
  const request = [`'${method.verb}'`, pathOf(method), ...(sent.length > 0 ? [`{ ${sent.join(', ')} }`] : [])];
  return `${method.name}: (${argument(method)}) => send(${request.join(', ')})`;
}

function address(method: Method): string {
  const parts = ['options.baseUrl', pathOf(method), fields(method, 'query')];
  return `${method.name}: (${argument(method)}) => addressOf(${parts.join(', ')})`;
}

/** Renders the destructured parameter of a method. All other fields are the body. */
function argument({ parameters, hasBody, isOptional }: Method): string {
  const names = parameters.map(({ field }) => field);
  const pattern =
    names.length > 0 ? `{ ${[...names, ...(hasBody ? ['...body'] : [])].join(', ')} }` : hasBody ? 'body' : '';
  return isOptional ? `${pattern} = {}` : pattern;
}

function fields({ parameters }: Method, place: 'query' | 'header'): string | undefined {
  const pairs = parameters
    .filter((parameter) => parameter.in === place)
    .map(({ name, field }) => (name === field ? field : `'${name}': ${field}`));
  return pairs.length > 0 ? `{ ${pairs.join(', ')} }` : undefined;
}

function pathOf({ path }: Method): string {
  return path.includes('{') ? `\`${path.replaceAll(/\{(\w+)\}/g, '${encodeURIComponent($1)}')}\`` : `'${path}'`;
}
