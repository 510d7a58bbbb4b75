import { AppError } from '../errors.ts';
import {
  findAccount,
  findOrCreateAccount,
  openSession,
  randomSessionId,
  type Person,
  type SessionAnswer,
  type SessionDeps,
} from '../identity/open-session.ts';
import type { Account } from '../store/accounts.ts';
import { markCollected, readTicket } from '../store/tickets.ts';
import { isTicket, pollView } from './ticket.ts';

export type PollAnswer =
  | { status: 'pending' }
  | ({ status: 'registered' } & SessionAnswer)
  | { status: 'unregistered'; registrationToken: string };

type PollDeps = SessionDeps & {
  /** Whether somebody without an account gets one at once, or is asked to register. */
  register: 'ask' | 'auto';
};

/**
 * One poll of the page that shows the code. The success answer is given once: whoever collects the ticket gets it,
 * everybody else sees what an expired ticket looks like. Everything that can be known is known before the ticket is
 * collected, so that hardly anything can fail after it.
 * @throws TICKET_EXPIRED for an unknown, expired or collected ticket and for a wrong poll token, all alike
 */
export async function pollQrLogin(
  deps: PollDeps,
  { ticket: name, pollToken }: { ticket: string; pollToken: string },
): Promise<PollAnswer> {
  const stored = isTicket(name) ? await readTicket(deps.table, name) : undefined;
  const view = pollView(stored, { pollToken, nowMs: deps.now() });
  if (view.status === 'pending') return { status: 'pending' };
  if (view.status !== 'scanned') throw expired();
  const { appId, openId } = view.ticket;
  const account = await accountOf(deps, { appId, openId });
  const sid = randomSessionId(deps);
  if (!(await markCollected(deps.table, { ticket: name, collector: sid, nowMs: deps.now() }))) throw expired();
  if (!account) {
    return { status: 'unregistered', registrationToken: await deps.tokens.signRegistration({ appId, openId }) };
  }
  return { status: 'registered', ...(await openSession(deps, account, { sid, appId, openId, isNewUser: false })) };
}

async function accountOf(deps: PollDeps, person: Person): Promise<Account | undefined> {
  if (deps.register === 'ask') return findAccount(deps, person, 'eventual');
  return (await findOrCreateAccount(deps, person)).account;
}

function expired(): AppError {
  return new AppError('TICKET_EXPIRED', 'This QR code has expired: ask for a new one');
}
