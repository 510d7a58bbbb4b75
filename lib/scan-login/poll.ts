import { AppError } from '../core/errors.ts';
import { openSession, randomSessionId, type SessionAnswer, type SessionDeps } from '../identity/open-session.ts';
import { recognise, recogniseOrCreate } from '../identity/recognise.ts';
import { resolveUnionId, type SyncDeps } from '../identity/sync-identity.ts';
import type { Account } from '../store/accounts.ts';
import type { Person } from '../store/identities.ts';
import { markCollected, readTicket } from '../store/tickets.ts';
import { isTicket, pollView } from './ticket.ts';

export type PollAnswer =
  | { status: 'pending' }
  | { status: 'scanned' }
  | ({ status: 'registered' } & SessionAnswer)
  | { status: 'unregistered'; registrationToken: string };

export type PollDeps = SessionDeps & {
  /** For a user without an account: `ask` returns a registration token, `auto` creates an account at once. */
  register: 'ask' | 'auto';
  /** Loads the official account, to look up the unionid of an unknown user. */
  loadOfficialAccount(): Promise<SyncDeps>;
};

/**
 * Answers one poll of the page that shows the code. Only one request collects the ticket and gets the success answer;
 * every later request gets TICKET_EXPIRED.
 *
 * The account of a known user is read before the collection, so that few steps can fail after the collection. For an
 * unknown user WeChat is called after the collection, so that only one request calls WeChat.
 * @throws TICKET_EXPIRED for an unknown, expired, cancelled or collected ticket and for a wrong poll token, always with
 * the same message; IDENTITY_CONFLICT
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
  const existing = await recognise(deps, person);
  const sid = randomSessionId(deps);
  if (!(await markCollected(deps.table, { ticket: name, collector: sid, nowMs: deps.now() }))) throw expired();
  const account = existing ?? (await resolveUnknown(deps, person));
  if (!account) return { status: 'unregistered', registrationToken: await deps.tokens.signRegistration({ ...person, sid }) };
  return { status: 'registered', ...(await openSession(deps, account, { sid, ...person, isNewUser: false })) };
}

async function resolveUnknown(deps: PollDeps, person: Person): Promise<Account | undefined> {
  await resolveUnionId({ log: deps.log, load: deps.loadOfficialAccount }, person);
  if (deps.register === 'ask') return recognise(deps, person);
  return (await recogniseOrCreate(deps, person)).account;
}

function expired(): AppError {
  return new AppError('TICKET_EXPIRED', 'This QR code has expired; create a new one');
}
