import { AppError } from '../core/errors.ts';
import { assertMiniappSession, authenticateAccount, type AuthDeps } from '../identity/authenticate.ts';
import { moveTicket } from '../store/tickets.ts';
import { isTicket, MOVES } from './ticket.ts';

export type DecideDeps = AuthDeps & { appId: string; siteName: string };

export type Decision = keyof typeof MOVES;

/** The state of the code, and the site name, which the mini-program shows. */
export interface DecisionAnswer {
  status: 'scanned' | 'confirmed' | 'cancelled';
  siteName: string;
}

/**
 * Applies the decision of a user who scanned a mini-program code, whose scene is the ticket. `scan` reports the scan to
 * the web page, `confirm` logs the page in as the user, `cancel` ends the login.
 * @throws UNAUTHENTICATED; FORBIDDEN for a session of another app; TICKET_EXPIRED for an unknown, expired or used
 * ticket, or a ticket that another user scanned
 */
export async function decideQrLogin(
  deps: DecideDeps,
  { token, ticket, decision }: { token: string; ticket: string; decision: Decision },
): Promise<DecisionAnswer> {
  const { session } = await authenticateAccount(deps, token, { accountConsistency: 'strong' });
  assertMiniappSession(session, deps.appId);
  const { appId, openId } = session;
  const { from, to } = MOVES[decision];
  const move = { ticket, appId, openId, from, to, nowMs: deps.now() };
  if (!isTicket(ticket) || (await moveTicket(deps.table, move)) === 'rejected') {
    throw new AppError('TICKET_EXPIRED', 'This code has expired; create a new one');
  }
  return { status: to, siteName: deps.siteName };
}
