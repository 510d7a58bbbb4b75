import { originsOf, settings, variable } from '../core/config.ts';
import { log } from '../core/log.ts';
import { BrowserFailure, browserResponse, wantsJson } from './browser-failure.ts';
import type { Endpoint, EndpointAnswer, EndpointRequest } from './endpoint.ts';
import { errorResponse, reportFailure } from './error-response.ts';
import { headersOf } from './event.ts';
import { handlerOf } from './route.ts';

/**
 * Returns the Lambda handler of one endpoint that people open in a browser. A failure is a redirect with `login_error`
 * or a page, and JSON on request. This module is separate from route.ts, so that other bundles do not contain the page.
 */
export function browserRoute<const E extends Endpoint & { client: 'browser' }>(
  endpoint: E,
  run: (request: EndpointRequest<E>) => Promise<EndpointAnswer<E>>,
) {
  return handlerOf(endpoint, run, (error, { event, requestId, facts }) => {
    const { reason, page } = error instanceof BrowserFailure ? error : { reason: error };
    const failure = reportFailure(log, reason, facts);
    if (wantsJson(headersOf(event)['accept'])) return errorResponse(failure, requestId);
    return browserResponse(failure, { page, site: siteAddress(), requestId });
  });
}

/** Returns an address of the site for people: the first page that may use the API, or the API itself. */
function siteAddress(): string | undefined {
  const { ALLOWED_ORIGINS: allowedOrigins } = settings('ALLOWED_ORIGINS');
  const addresses = [...originsOf(allowedOrigins), variable('PUBLIC_BASE_URL') ?? ''];
  return addresses.find((address) => URL.canParse(address) && /^https?:/.test(address));
}
