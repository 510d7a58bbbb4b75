import { AppError } from '../errors.ts';
import {
  findAccount,
  openSession,
  randomSessionId,
  type SessionAnswer,
  type SessionDeps,
} from '../identity/open-session.ts';
import { markCollected, readTicket } from '../store/tickets.ts';
import { pollView } from './ticket.ts';

export type PollAnswer =
  | { status: 'pending' }
  | ({ status: 'registered' } & SessionAnswer)
  | { status: 'unregistered'; registrationToken: string };

/**
 * One poll of the page that shows the code. The success answer is given once: whoever collects the ticket gets it,
 * everybody else sees what an expired ticket looks like.
 * @throws TICKET_EXPIRED for an unknown, expired or collected ticket and for a wrong poll token, all alike
 */
export async function pollQrLogin(
  deps: SessionDeps,
  { ticket: name, pollToken }: { ticket: string; pollToken: string },
): Promise<PollAnswer> {
  const view = pollView(await readTicket(deps.table, name), { pollToken, nowMs: deps.now() });
  if (view.status === 'pending') return { status: 'pending' };
  if (view.status !== 'scanned') throw expired();
  if (!(await markCollected(deps.table, { ticket: name, nowMs: deps.now() }))) throw expired();
  const { appId, openId } = view.ticket;
  const account = await findAccount(deps, { appId, openId });
  if (!account)
    return { status: 'unregistered', registrationToken: await deps.tokens.signRegistration({ appId, openId }) };
  const session = { sid: randomSessionId(deps), appId, openId, isNewUser: false };
  return { status: 'registered', ...(await openSession(deps, account, session)) };
}

function expired(): AppError {
  return new AppError('TICKET_EXPIRED', 'This QR code has expired: ask for a new one');
}
