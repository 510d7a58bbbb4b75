// Invokes the handler of a function with an event of payload format 2.0 and a context, as AWS does.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import type { HttpResponse } from '../../lib/http/response.ts';

/** The handler of a function with a route or a URL. */
export type Handler<Event = APIGatewayProxyEventV2> = (event: Event, context: Context) => Promise<HttpResponse>;

export interface ApiRequest {
  method: 'GET' | 'POST' | 'PUT';
  path: string;
  pathParameters?: Record<string, string>;
  /** The raw query, without the question mark. */
  query?: string;
  headers?: Record<string, string>;
  /** Sent as JSON; bytes are sent as they are. */
  body?: object | Buffer;
  /** The expected status, because a failed flow would cost less. */
  status: number;
}

/** Sends one request through a route of the HTTP API, and returns the JSON of the response. */
export async function request(handler: Handler, wanted: ApiRequest): Promise<unknown> {
  const { statusCode, body = 'null' } = await handler(httpApiEvent(wanted), lambdaContext());
  assert.equal(statusCode, wanted.status, `${wanted.method} ${wanted.path}: ${body}`);
  return JSON.parse(body) as unknown;
}

/** Creates a context with the fields that are visible in Node.js. */
export function lambdaContext(): Context {
  const name = 'bench';
  return {
    awsRequestId: randomUUID(),
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:ap-southeast-1:000000000000:function:${name}`,
    memoryLimitInMB: '512',
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: name,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => 10_000,
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
  };
}

function httpApiEvent({
  method,
  path,
  pathParameters,
  query = '',
  headers = {},
  body,
}: ApiRequest): APIGatewayProxyEventV2 {
  const now = new Date();
  return {
    version: '2.0',
    routeKey: `${method} ${path}`,
    rawPath: path,
    rawQueryString: query,
    headers: { host: 'api.example.com', ...(body && { 'content-type': 'application/json' }), ...headers },
    ...(pathParameters && { pathParameters }),
    requestContext: {
      accountId: '000000000000',
      apiId: 'bench',
      domainName: 'api.example.com',
      domainPrefix: 'api',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'bench' },
      requestId: randomUUID(),
      routeKey: `${method} ${path}`,
      stage: '$default',
      time: now.toISOString(),
      timeEpoch: now.getTime(),
    },
    ...(body && { body: Buffer.isBuffer(body) ? body.toString('base64') : JSON.stringify(body) }),
    isBase64Encoded: Buffer.isBuffer(body),
  };
}
