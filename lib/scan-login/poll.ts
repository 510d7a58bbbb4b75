import { AppError } from '../core/errors.ts';
import { openSession, randomSessionId, type SessionAnswer, type SessionDeps } from '../identity/open-session.ts';
import { recognise, recogniseOrCreate } from '../identity/recognise.ts';
import type { Account } from '../store/accounts.ts';
import type { Person } from '../store/identities.ts';
import { markCollected, readTicket } from '../store/tickets.ts';
import { isTicket, pollView } from './ticket.ts';

export type PollAnswer =
  | { status: 'pending' }
  | { status: 'scanned' }
  | ({ status: 'registered' } & SessionAnswer)
  | { status: 'unregistered'; registrationToken: string };

type PollDeps = SessionDeps & {
  /** Whether somebody without an account gets one at once, or is asked to register. */
  register: 'ask' | 'auto';
  /** Asks WeChat about a person whom we do not know. */
  learn(person: Person): Promise<void>;
};

/**
 * One poll of the page that shows the code. The success answer is given once: whoever collects the ticket gets it,
 * everybody else sees what an expired ticket looks like. A known person's account is read before the ticket is
 * collected, so that hardly anything can fail after it; WeChat is asked about an unknown one after it, so that it is
 * asked once.
 * @throws TICKET_EXPIRED for an unknown, expired, cancelled or collected ticket and for a wrong poll token, all alike;
 * IDENTITY_CONFLICT
 */
export async function pollQrLogin(
  deps: PollDeps,
  { ticket: name, pollToken }: { ticket: string; pollToken: string },
): Promise<PollAnswer> {
  const stored = isTicket(name) ? await readTicket(deps.table, name) : undefined;
  const view = pollView(stored, { pollToken, nowMs: deps.now() });
  if (view.status === 'gone') throw expired();
  if (view.status !== 'confirmed') return { status: view.status };
  const { appId, openId } = view.ticket;
  const person = { appId, openId };
  const known = await recognise(deps, person);
  const sid = randomSessionId(deps);
  if (!(await markCollected(deps.table, { ticket: name, collector: sid, nowMs: deps.now() }))) throw expired();
  const account = known ?? (await meet(deps, person));
  if (!account) return { status: 'unregistered', registrationToken: await deps.tokens.signRegistration(person) };
  return { status: 'registered', ...(await openSession(deps, account, { sid, ...person, isNewUser: false })) };
}

async function meet(deps: PollDeps, person: Person): Promise<Account | undefined> {
  await deps.learn(person);
  if (deps.register === 'ask') return recognise(deps, person);
  return (await recogniseOrCreate(deps, person)).account;
}

function expired(): AppError {
  return new AppError('TICKET_EXPIRED', 'This QR code has expired: ask for a new one');
}
