import middy from '@middy/core';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import * as v from 'valibot';
import { addressSetting, settings } from '../core/config.ts';
import { AppError } from '../core/errors.ts';
import { log } from '../core/log.ts';
import { credential } from './credential.ts';
import { cookiesOf, sessionCookieName } from './cookies.ts';
import type { Endpoint, EndpointAnswer, EndpointRequest, MultipartBody, Redirect, WithCookies } from './endpoint.ts';
import { errorResponse, reportFailure } from './error-response.ts';
import { headersOf, queryOf, rawBody } from './event.ts';
import { NO_SNIFF, type HttpResponse } from './response.ts';

type Event = APIGatewayProxyEventV2;

/** Above the limit of one file, so that other fields of the form fit. */
const MAX_MULTIPART_BYTES = 1_100_000;

/** Logs a failed request and returns its answer. */
export type FailureAnswer = (
  error: unknown,
  request: { event: Event; requestId: string; facts: { route: string } },
) => HttpResponse;

/**
 * Returns the Lambda handler of one endpoint that returns JSON. The handler checks the request, runs the flow and checks
 * the answer. Both checks drop every field that is not in the schema. Any thrown value becomes an error of the closed
 * list.
 */
export function route<const E extends Endpoint & { client?: never; fileTypes?: never }>(
  endpoint: E,
  run: (request: EndpointRequest<E>) => Promise<EndpointAnswer<E>>,
) {
  return handlerOf(endpoint, run, answerJsonFailure);
}

/** Logs a failed request and returns its answer in JSON. */
export const answerJsonFailure: FailureAnswer = (error, { requestId, facts }) =>
  errorResponse(reportFailure(log, error, facts), requestId);

/** Returns the handler of one endpoint, as `route` does, with its own answer to failures, or of another content. */
export function handlerOf<const E extends Endpoint>(
  endpoint: E,
  run: (request: EndpointRequest<E>) => Promise<EndpointAnswer<E>>,
  answerFailure: FailureAnswer,
  renderAnswer: (endpoint: E, answer: EndpointAnswer<E>) => HttpResponse = render,
) {
  return middy()
    .use(envelope(endpoint, answerFailure))
    .handler(async (event: Event): Promise<HttpResponse> =>
      renderAnswer(endpoint, await run(await readRequest(endpoint, event))),
    );
}

/** Logs each request, and turns a thrown value into an answer. */
function envelope(
  { method, path }: Endpoint,
  answerFailure: FailureAnswer,
): middy.MiddlewareObj<Event, HttpResponse, Error, Context> {
  const facts = { route: `${method} ${path}` };
  return {
    // The braces discard the return value, because middy would use the value as the response.
    after: ({ response }) => {
      log.info('request.completed', { ...facts, status: response?.statusCode });
    },
    onError: (request) => {
      const { error, event, context } = request;
      request.response = answerFailure(error, { event, requestId: context.awsRequestId, facts });
    },
  };
}

async function readRequest<E extends Endpoint>({ auth, request = {} }: E, event: Event): Promise<EndpointRequest<E>> {
  const parts = {
    token: auth === 'session' ? readCredential(event) : undefined,
    body: request.multipart ? multipartBody(event) : request.body && check(request.body, parseBody(event), 'body'),
    path: request.path && check(request.path, event.pathParameters ?? {}, 'path'),
    query: request.query && check(request.query, queryOf(event), 'query'),
    headers: request.headers && check(request.headers, headersOf(event), 'headers'),
    cookies: cookiesOf(event),
    clientFacts: { sourceAddress: event.requestContext.http.sourceIp, headers: headersOf(event) },
  };
  return parts as EndpointRequest<E>;
}

function multipartBody(event: Event): MultipartBody {
  return { contentType: headersOf(event)['content-type'] ?? '', bytes: rawBody(event, MAX_MULTIPART_BYTES) };
}

function readCredential(event: Event): string {
  const { ALLOWED_ORIGINS: allowedOrigins } = settings('ALLOWED_ORIGINS');
  return credential(event, { allowedOrigins, cookieName: sessionCookieName(addressSetting('PUBLIC_BASE_URL')) });
}

/**
 * Parses the body as JSON, whatever its content type. A missing body is an empty object, so that a client can leave out
 * an optional body.
 */
function parseBody(event: Event): unknown {
  const text = rawBody(event).toString('utf8');
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch (cause) {
    throw new AppError('PARAM_ERROR', 'The body must be valid JSON', { cause });
  }
}

function check(schema: v.GenericSchema, input: unknown, part: string): unknown {
  const parsed = v.safeParse(schema, input);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const field = [part, v.getDotPath(issue)].filter(Boolean).join('.');
  // A received value may be long, or a secret in the wrong field, so it is neither returned nor logged.
  const expected = issue.message.replace(/( but received|: Received) .*$/s, '');
  throw new AppError('PARAM_ERROR', `${field}: ${expected}`, { detail: { field } });
}

/** Returns the headers for caches. The gateway adds the CORS headers, which differ by origin. */
export function caching({ cacheS }: Endpoint): Record<string, string> {
  if (cacheS === undefined) return { 'cache-control': 'no-store' };
  return { 'cache-control': `public, max-age=${cacheS}`, vary: 'origin' };
}

function render(endpoint: Endpoint, answer: unknown): HttpResponse {
  const { status: statusCode, answer: schema, setsCookies } = endpoint;
  const headers = { ...caching(endpoint), ...NO_SNIFF };
  if (statusCode === 302) {
    const { location, cookies } = answer as Redirect;
    return { statusCode, headers: { location, ...headers }, cookies };
  }
  const { body: content, cookies } = setsCookies ? (answer as WithCookies<unknown>) : { body: answer, cookies: [] };
  const sent = { statusCode, headers, ...(cookies.length > 0 && { cookies }) };
  if (!schema) return sent;
  const checked = v.parse(schema, content);
  const [type, body] =
    typeof checked === 'string' ? ['text/plain', checked] : ['application/json', JSON.stringify(checked)];
  return { ...sent, headers: { 'content-type': `${type}; charset=utf-8`, ...headers }, body };
}
