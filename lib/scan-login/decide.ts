import { AppError } from '../core/errors.ts';
import { assertMiniappSession, authenticateAccount, type AuthDeps } from '../identity/authenticate.ts';
import { moveTicket } from '../store/tickets.ts';
import { isTicket, MINIAPP_MOVES } from './ticket.ts';

export type DecideDeps = AuthDeps & { appId: string; siteName: string };

export type Decision = keyof typeof MINIAPP_MOVES;

/** The state of the code, and the facts of the page that requested it, which the mini-program shows to the user. */
export interface DecisionAnswer {
  status: 'scanned' | 'confirmed' | 'cancelled';
  siteName: string;
  /** ISO 8601. */
  requestedAt: string;
  place: string | null;
  browser: string | null;
}

/**
 * Applies the decision of a user who scanned a mini-program code, whose scene is the ticket. `scan` reports the scan to
 * the web page, `confirm` logs the page in as the user, `cancel` ends the login.
 *
 * The session of the page keeps the time of the login of the mini-program. A session from a scan login cannot decide,
 * because a token could otherwise extend its own login again and again.
 * @throws UNAUTHENTICATED; FORBIDDEN for a session of another app or from a scan login; TICKET_EXPIRED for an unknown, expired or used
 * ticket, or a ticket that another user scanned
 */
export async function decideQrLogin(
  deps: DecideDeps,
  { token, ticket: name, decision }: { token: string; ticket: string; decision: Decision },
): Promise<DecisionAnswer> {
  const { session } = await authenticateAccount(deps, token, { accountConsistency: 'strong' });
  assertMiniappSession(session, deps.appId);
  if (session.sessionKey === undefined) {
    throw new AppError(
      'FORBIDDEN',
      'A session from a scan login cannot decide; log in to the mini-program with wx.login',
    );
  }
  const { appId, openId, loginAtMs } = session;
  const { from, to } = MINIAPP_MOVES[decision];
  const move = { ticket: name, appId, openId, from, to, loginAtMs, nowMs: deps.now() };
  const { ticket } = isTicket(name) ? await moveTicket(deps.table, move) : {};
  // A client may repeat a confirmation after the web page has collected the login.
  const isDone = ticket?.state === to || (to === 'confirmed' && ticket?.state === 'collected');
  if (!ticket || !isDone) throw new AppError('TICKET_EXPIRED', 'This code has expired; create a new one');
  const { requestedAtMs, place, browser } = ticket;
  return { status: to, siteName: deps.siteName, requestedAt: new Date(requestedAtMs).toISOString(), place, browser };
}
