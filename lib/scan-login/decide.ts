import { AppError } from '../core/errors.ts';
import { assertMiniappSession, authenticateAccount, type AuthDeps } from '../identity/authenticate.ts';
import { moveTicket } from '../store/tickets.ts';
import { isTicket, MOVES } from './ticket.ts';

export type Decision = keyof typeof MOVES;

/** What the mini-program shows: where the person is about to sign in, and what became of the code. */
export interface DecisionAnswer {
  status: 'scanned' | 'confirmed' | 'cancelled';
  siteName: string;
}

/**
 * Somebody scanned a mini-program code, and decides in the mini-program: `scan` tells the web page that they look at
 * it, `confirm` logs the page in as them, `cancel` ends it. The ticket travelled as the code's scene.
 * @throws UNAUTHENTICATED; FORBIDDEN for a session of another app; TICKET_EXPIRED for an unknown, expired or used ticket
 * and for one that somebody else scanned
 */
export async function decideQrLogin(
  deps: AuthDeps & { appId: string; siteName: string },
  { token, ticket, decision }: { token: string; ticket: string; decision: Decision },
): Promise<DecisionAnswer> {
  const { session } = await authenticateAccount(deps, token, 'strong');
  assertMiniappSession(session, deps.appId);
  const { appId, openId } = session;
  const { from, to } = MOVES[decision];
  const move = { ticket, appId, openId, from, to, nowMs: deps.now() };
  if (!isTicket(ticket) || (await moveTicket(deps.table, move)) === 'refused') {
    throw new AppError('TICKET_EXPIRED', 'This code has expired: show a new one');
  }
  return { status: to, siteName: deps.siteName };
}
