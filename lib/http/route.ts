import middy from '@middy/core';
import jsonBodyParser from '@middy/http-json-body-parser';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import * as v from 'valibot';
import { AppError } from '../errors.ts';
import { log } from '../log.ts';
import type { Endpoint, EndpointAnswer, EndpointRequest } from './endpoint.ts';
import { describeFailure, errorResponse, logFailure } from './error-response.ts';
import { headersOf, rawBody } from './event.ts';
import type { HttpResponse } from './response.ts';

type Event = APIGatewayProxyEventV2;
type Run<E extends Endpoint> = (request: EndpointRequest<E>, event: Event) => Promise<EndpointAnswer<E>>;

/**
 * The Lambda of one endpoint: checks the request, runs the flow, checks the answer (which drops every field that is not
 * in its schema), and turns whatever is thrown into an error of the closed list.
 */
export function route<const E extends Endpoint>(endpoint: E, run: Run<E>) {
  return middy()
    .use(envelope(endpoint))
    .before(parseBody)
    .handler(async (event: Event): Promise<HttpResponse> => {
      const answer = await run(readRequest(endpoint, event), event);
      return render(endpoint, answer);
    });
}

/** Errors out, and a line in the log for each request. */
function envelope({ method, path }: Endpoint): middy.MiddlewareObj<Event, HttpResponse, Error, Context> {
  const facts = { route: `${method} ${path}` };
  return {
    after: ({ response }) => log.info('request', { ...facts, status: response?.statusCode }),
    onError: (request) => {
      const failure = describeFailure(request.error);
      logFailure(log, request.error, failure, facts);
      request.response = errorResponse(failure, request.context.awsRequestId);
    },
  };
}

const parser = jsonBodyParser({ disableContentTypeCheck: true });

/** JSON whatever the content type says; no body is an empty object, so that optional bodies may be left out. */
async function parseBody(request: middy.Request<Event, HttpResponse, Error, Context>): Promise<void> {
  if (rawBody(request.event).length === 0) {
    (request.event as { body?: unknown }).body = {};
    return;
  }
  try {
    await parser.before?.(request as unknown as Parameters<NonNullable<typeof parser.before>>[0]);
  } catch (cause) {
    throw new AppError('PARAM_ERROR', 'The body is not JSON', { cause });
  }
}

function readRequest<E extends Endpoint>({ request = {} }: E, event: Event): EndpointRequest<E> {
  const parts = {
    body: request.body && check(request.body, event.body, 'body'),
    path: request.path && check(request.path, event.pathParameters ?? {}, 'path'),
    headers: request.headers && check(request.headers, headersOf(event), 'headers'),
  };
  return parts as EndpointRequest<E>;
}

function check(schema: v.GenericSchema, input: unknown, part: string): unknown {
  const parsed = v.safeParse(schema, input);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const field = [part, v.getDotPath(issue)].filter(Boolean).join('.');
  throw new AppError('PARAM_ERROR', `${field}: ${issue.message}`, { detail: { field } });
}

function render(endpoint: Endpoint, answer: unknown): HttpResponse {
  if (!endpoint.answer) return { statusCode: endpoint.status, headers: { 'cache-control': 'no-store' } };
  return {
    statusCode: endpoint.status,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
    body: JSON.stringify(v.parse(endpoint.answer, answer)),
  };
}
