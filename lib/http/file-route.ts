import type { Endpoint, EndpointAnswer, EndpointRequest, FileAnswer } from './endpoint.ts';
import { NO_SNIFF, type HttpResponse } from './response.ts';
import { answerJsonFailure, caching, handlerOf } from './route.ts';

/**
 * Returns the Lambda handler of one endpoint that returns a file of a user. A failure is JSON. This module is separate
 * from route.ts, so that other bundles do not contain it.
 */
export function fileRoute<const E extends Endpoint & { client?: never; fileTypes: readonly string[]; status: 200 }>(
  endpoint: E,
  run: (request: EndpointRequest<E>) => Promise<EndpointAnswer<E>>,
) {
  return handlerOf(endpoint, run, answerJsonFailure, (_, answer) => renderFile(endpoint, answer as FileAnswer));
}

/**
 * Headers of every file. Neither a script nor a form in a file can act for this domain, even if the file is opened as a
 * page. Pages of other sites may show the file.
 * @see https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Content-Security-Policy/sandbox
 */
const FILE_HEADERS = {
  ...NO_SNIFF,
  'content-security-policy': "sandbox; default-src 'none'",
  'content-disposition': 'inline',
  'cross-origin-resource-policy': 'cross-origin',
};

/** A file never changes, so browsers need not ask again. */
function renderFile(endpoint: Endpoint, { type, bytes }: FileAnswer): HttpResponse {
  const { 'cache-control': cacheControl, ...vary } = caching(endpoint);
  return {
    statusCode: endpoint.status,
    headers: { 'content-type': type, 'cache-control': `${cacheControl}, immutable`, ...vary, ...FILE_HEADERS },
    body: bytes.toString('base64'),
    isBase64Encoded: true,
  };
}
