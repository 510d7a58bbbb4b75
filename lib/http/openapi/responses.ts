import { STATUS_CODES } from 'node:http';
import type { ErrorCode } from '../../core/errors.ts';
import type { Endpoint } from '../endpoint.ts';
import { STATUS } from '../error-response.ts';
import { answerSchema, componentRef } from './schemas.ts';
import type { JsonSchema, Response } from './types.ts';

/** Headers of a redirect. Every redirect of this API sets a cookie, except after a failed login. */
const HEADERS_OF_REDIRECT: Response['headers'] = {
  Location: { required: true, schema: { type: 'string' } },
  'Set-Cookie': { required: false, schema: { type: 'string' } },
};

/** Headers of a response that may set cookies. */
const HEADERS_WITH_COOKIES: Response['headers'] = { 'Set-Cookie': { required: false, schema: { type: 'string' } } };

/** The schema of a file: bytes, which no schema describes. */
export const FILE_CONTENT: JsonSchema = { type: 'string', contentMediaType: 'application/octet-stream' };

/** Returns all responses of an endpoint by status. */
export function responsesOf(endpoint: Endpoint): Record<string, Response> {
  return { [endpoint.status]: success(endpoint), ...errors(endpoint) };
}

function success({ status, answer, setsCookies, fileTypes }: Endpoint): Response {
  const description = STATUS_CODES[status]!;
  if (fileTypes) {
    const contents = fileTypes.map((type) => [type, { schema: { ...FILE_CONTENT, contentMediaType: type } }] as const);
    return { description, content: Object.fromEntries(contents) };
  }
  if (status === 302) return { description, headers: HEADERS_OF_REDIRECT };
  const described = { description, ...(setsCookies && { headers: HEADERS_WITH_COOKIES }) };
  if (!answer) return described;
  const schema = answerSchema(answer);
  return { ...described, content: { [schema.type === 'string' ? 'text/plain' : 'application/json']: { schema } } };
}

function errors(endpoint: Endpoint): Record<string, Response> {
  const byStatus = Map.groupBy(codesOf(endpoint), (code) => STATUS[code]);
  return Object.fromEntries([...byStatus].map(([status, codes]) => [status, error(endpoint, codes)]));
}

/** Returns the errors that the description names, and those that `route` adds. */
function codesOf({ request, errors: described }: Endpoint): ErrorCode[] {
  return [
    ...(request ? ['PARAM_ERROR' as const] : []),
    ...(request?.body || request?.multipart ? ['BODY_TOO_LARGE' as const] : []),
    ...described,
    'INTERNAL',
  ];
}

/** Describes the errors of one status. Browser routes return JSON only to a client that accepts no HTML. */
function error({ client }: Endpoint, codes: ErrorCode[]): Response {
  const schema = {
    $ref: componentRef('Error'),
    type: 'object',
    properties: { code: { enum: codes } },
  } satisfies JsonSchema;
  return {
    description: codes.join(', '),
    ...(codes.includes('RATE_LIMITED') && {
      headers: { 'Retry-After': { required: true, schema: { type: 'integer' } } },
    }),
    content: {
      'application/json': { schema },
      ...(client === 'browser' && { 'text/html': { schema: { type: 'string' } } }),
    },
  };
}
