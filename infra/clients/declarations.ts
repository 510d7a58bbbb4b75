import type { JsonSchema, OpenapiDocument } from '../../lib/http/openapi/types.ts';
import { FILE_ARGUMENT, type Platform } from './javascript.ts';
import type { Method } from './methods.ts';
import { declarationOf, namesIn, typeOf } from './typescript.ts';

const WITHOUT_TOKEN = {
  h5: ' Without this option the session cookie identifies the user.',
  miniprogram: '',
};

/** Renders the types of a client: parameters and results of its methods, and the components that these refer to. */
export function declarations({ components }: OpenapiDocument, methods: Method[], platform: Platform): string {
  const own = methods.flatMap((method) => [
    ...(method.takes ? [declarationOf(nameOfTaken(method), method.takes)] : []),
    ...(method.isUpload ? [fileArgument(method, platform)] : []),
    ...(method.answers && !method.answers.$ref ? [declarationOf(nameOfAnswer(method), method.answers)] : []),
  ]);
  const named = reachable(components.schemas, methods).map((name) => declarationOf(name, components.schemas[name]!));
  return `
    ${[...named, ...own].join('\n\n')}

    ${declarationOf('ErrorCode', components.schemas['ErrorCode']!)}

    /** A failed call. */
    export declare class ApiError extends Error {
      /** A code of the service, or a failure on the way to it. */
      readonly code: ErrorCode | 'NETWORK' | 'TIMEOUT' | 'UNEXPECTED_ANSWER';
      /** The HTTP status; 0 without a response. */
      readonly status: number;
      /** Identifies the request in the log of the service. */
      readonly requestId: string | undefined;
      readonly detail: Record<string, unknown> | undefined;
      /** Seconds to wait, with RATE_LIMITED. */
      readonly retryAfterS: number | undefined;
    }

    export interface ClientOptions {
      /** Such as https://api.example.com */
      baseUrl: string;
      /** Returns the token of the session, if there is one.${WITHOUT_TOKEN[platform]} */
      getToken?: () => string | null | undefined;
      /** Milliseconds after which a call fails with TIMEOUT: 30 000 if left out. */
      timeoutMs?: number;
    }

    /** A client of the service at \`baseUrl\`. */
    export declare function createClient(options: ClientOptions): Client;

    export interface Client {
      ${methods.map(signature).join('\n')}
    }
  `;
}

function fileArgument(method: Method, platform: Platform): string {
  const { field, type } = FILE_ARGUMENT[platform];
  return `export interface ${nameOfTaken(method)} { ${field}: ${type} }`;
}

function signature(method: Method): string {
  const { name, summary, codes, takes, isUpload, isOptional, isRedirect } = method;
  const argument = takes || isUpload ? `params${isOptional ? '?' : ''}: ${nameOfTaken(method)}` : '';
  const [end, answer] = isRedirect
    ? ['@returns the address that the browser must open', 'string']
    : [`@throws {ApiError} ${inLines(codes)}`, `Promise<${answerOf(method)}>`];
  return `
    /**
     * ${summary}.
     * ${end}
     */
    ${name}(${argument}): ${answer};`;
}

function answerOf(method: Method): string {
  const { answers } = method;
  if (!answers) return 'void';
  return answers.$ref ? typeOf(answers) : nameOfAnswer(method);
}

function inLines(codes: string[]): string {
  return codes.join(', ').replaceAll(/(.{70,}?,) /g, '$1\n     * ');
}

const nameOfTaken = ({ name }: Method) => `${capitalised(name)}Params`;
const nameOfAnswer = ({ name }: Method) => `${capitalised(name)}Answer`;
const capitalised = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);

/** Returns the components that parameters and results refer to, directly or through other components. */
function reachable(schemas: Record<string, JsonSchema>, methods: Method[]): string[] {
  const found = new Set<string>();
  const visit = (schema: JsonSchema) => {
    for (const name of namesIn(schema)) {
      if (found.has(name)) continue;
      found.add(name);
      visit(schemas[name]!);
    }
  };
  for (const { takes = {}, answers = {} } of methods) [takes, answers].forEach(visit);
  return Object.keys(schemas).filter((name) => found.has(name));
}
