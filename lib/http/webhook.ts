import middy from '@middy/core';
import type { LambdaFunctionURLEvent } from 'aws-lambda';
import { log } from '../core/log.ts';
import { describeFailure, logFailure, type Failure } from './error-response.ts';
import { headersOf, rawBody } from './event.ts';
import type { HttpResponse } from './response.ts';

/** One request of WeChat's, as it came: `query` and `body` are what the signature covers. */
export interface WebhookRequest {
  method: string;
  query: URLSearchParams;
  headers: Record<string, string | undefined>;
  body: Buffer;
}

/**
 * The Lambda of one webhook. No body parser: signatures cover the bytes. The sender reads little more than the status:
 * 4xx for what is refused, 5xx for what should be sent again.
 */
export function webhook(
  name: string,
  run: (request: WebhookRequest) => Promise<HttpResponse>,
  renderFailure: (failure: Failure) => HttpResponse,
) {
  return middy<LambdaFunctionURLEvent, HttpResponse>()
    .onError((request) => {
      const failure = describeFailure(request.error);
      logFailure(log, request.error, failure, { webhook: name });
      request.response = renderFailure(failure);
    })
    .handler((event) =>
      run({
        method: event.requestContext.http.method,
        query: new URLSearchParams(event.rawQueryString),
        headers: headersOf(event),
        body: rawBody(event),
      }),
    );
}

/** What WeChat's message server reads: text, never HTML or JSON (platform 3.7). */
export function textAnswer(statusCode: number, body: string, contentType = 'text/plain'): HttpResponse {
  return { statusCode, headers: { 'content-type': `${contentType}; charset=utf-8` }, body };
}

/** What WeChat Pay v3 reads when a notification is not accepted (pay 4.7). */
export function payFailure({ status, message }: Failure): HttpResponse {
  return {
    statusCode: status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code: 'FAIL', message }),
  };
}
