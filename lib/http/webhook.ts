import middy from '@middy/core';
import type { LambdaFunctionURLEvent } from 'aws-lambda';
import { log } from '../core/log.ts';
import { reportFailure, type Failure } from './error-response.ts';
import { headersOf, rawBody } from './event.ts';
import { NO_SNIFF, type HttpResponse } from './response.ts';

/** One request from WeChat, unchanged: signatures cover `query` and `body`. */
export interface WebhookRequest {
  method: string;
  query: URLSearchParams;
  headers: Record<string, string | undefined>;
  body: Buffer;
}

/**
 * Returns the Lambda handler of one webhook. The body is not parsed, because signatures cover its bytes. WeChat reads
 * little more than the status: 4xx for a rejected request, 5xx for a request that WeChat should send again.
 * @param maxBodyBytes a larger body is BODY_TOO_LARGE before `run` is called; the limit of routes if absent
 */
export function webhook(
  name: string,
  run: (request: WebhookRequest) => Promise<HttpResponse>,
  renderFailure: (failure: Failure) => HttpResponse,
  maxBodyBytes?: number,
) {
  return middy<LambdaFunctionURLEvent, HttpResponse>()
    .onError((request) => {
      const failure = reportFailure(log, request.error, { webhook: name });
      // Only concurrent writers limit a webhook. WeChat has to send the request again.
      const status = failure.code === 'RATE_LIMITED' ? 503 : failure.status;
      request.response = renderFailure({ ...failure, status });
    })
    .handler((event) => {
      const body = rawBody(event, maxBodyBytes);
      const query = new URLSearchParams(event.rawQueryString);
      return run({ method: event.requestContext.http.method, query, headers: headersOf(event), body });
    });
}

/**
 * Returns a text or XML response. WeChat's message server and WeChat Pay v2 never read HTML or JSON.
 * @see https://developers.weixin.qq.com/doc/service/guide/product/message/Passive_user_reply_message.html
 */
export function textAnswer(statusCode: number, body: string, contentType = 'text/plain'): HttpResponse {
  return { statusCode, headers: { 'content-type': `${contentType}; charset=utf-8`, ...NO_SNIFF }, body };
}

/**
 * Returns the response to a notification that was not accepted, in the format of WeChat Pay v3.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791861
 */
export function payFailure({ status, message }: Failure): HttpResponse {
  return {
    statusCode: status,
    headers: { 'content-type': 'application/json', ...NO_SNIFF },
    body: JSON.stringify({ code: 'FAIL', message }),
  };
}
