import { withLoginError } from '../core/login-error.ts';
import type { Failure } from './error-response.ts';
import { failurePage } from './failure-page.ts';
import { NO_SNIFF, type HttpResponse } from './response.ts';

/** The page that asked for a login. A signed cookie of the browser names the page. */
interface SignedPage {
  /** The address of the page. */
  redirect: string;
  /** Whether the browser returned from this very login, so that the failure may be reported to the page. */
  isReturn: boolean;
}

/** A failure of a browser route, with the page that asked for the login. */
export class BrowserFailure extends Error {
  readonly reason: unknown;
  readonly page: SignedPage;

  constructor(reason: unknown, page: SignedPage) {
    super('The login of a browser failed', { cause: reason });
    this.reason = reason;
    this.page = page;
  }
}

/**
 * Returns the answer of a failed browser route: a redirect to the page with `login_error`, or an HTML page with a link
 * back. Both set no cookie and start no login, because a login that fails each time would never end.
 * @param page the page that asked for the login; undefined if no cookie names the page
 * @param site the address of the link in that case
 */
export function browserResponse(
  failure: Failure,
  { page, site, requestId }: { page: SignedPage | undefined; site: string | undefined; requestId: string },
): HttpResponse {
  if (!page?.isReturn) return failurePage(failure, { back: page?.redirect ?? site, requestId });
  const location = withLoginError(page.redirect, failure.code);
  return { statusCode: 302, headers: { location, 'cache-control': 'no-store', ...NO_SNIFF } };
}

/** Whether a client asks for JSON. A browser always asks for HTML too. */
export function wantsJson(accept = ''): boolean {
  return /\bapplication\/json\b/i.test(accept) && !/\btext\/html\b/i.test(accept);
}
