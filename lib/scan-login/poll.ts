import { AppError, isAppError } from '../core/errors.ts';
import {
  openSession,
  randomSessionId,
  SESSION_LIFE_S,
  type SessionAnswer,
  type SessionDeps,
} from '../identity/open-session.ts';
import { REGISTRATION_LIFE_S } from '../identity/session-token.ts';
import { recognise, recogniseOrCreate } from '../identity/recognise.ts';
import { resolveUnionId, type SyncDeps } from '../identity/sync-identity.ts';
import type { Account } from '../store/accounts.ts';
import type { Person } from '../store/identities.ts';
import { readOpenedSession } from '../store/sessions.ts';
import { markCollected, readTicket } from '../store/tickets.ts';
import { isTicket, POLL_INTERVAL_MS, pollView } from './ticket.ts';

export type PollAnswer =
  | { status: 'pending' | 'scanned'; pollIntervalMs: number }
  | ({ status: 'registered' } & SessionAnswer)
  | { status: 'unregistered'; registrationToken: string };

export type PollDeps = SessionDeps & {
  /** For a user without an account: `ask` returns a registration token, `auto` creates an account at once. */
  register: 'ask' | 'auto';
  /** Undefined where no official account is configured. */
  officialAppId: string | undefined;
  /** Loads the official account, to look up the unionid of an unknown user. */
  loadOfficialAccount(): Promise<SyncDeps>;
};

/**
 * Answers one poll of the page that shows the code. Only one request collects the ticket and gets the success answer;
 * every later request gets TICKET_EXPIRED.
 *
 * The account of a known user is read before the collection, so that few steps can fail after the collection. For an
 * unknown user WeChat is called after the collection, so that only one request calls WeChat.
 *
 * The session counts as created at the confirmation. A later end of all sessions therefore ends the session, also if the
 * read of the account missed that end. After an end by an instance whose clock is ahead, a confirmation can fail for that
 * short time; the user then scans again.
 * @throws TICKET_EXPIRED for an unknown, expired, cancelled, revoked or collected ticket, for a wrong poll token, and
 * when the user ended all sessions after the confirmation, always with the same message; IDENTITY_CONFLICT
 */
export async function pollQrLogin(
  deps: PollDeps,
  { ticket: name, pollToken }: { ticket: string; pollToken: string },
): Promise<PollAnswer> {
  const stored = isTicket(name) ? await readTicket(deps.table, name) : undefined;
  const view = pollView(stored, { pollToken, nowMs: deps.now() });
  if (view.status === 'gone') throw expired();
  if (view.status !== 'confirmed') return { status: view.status, pollIntervalMs: POLL_INTERVAL_MS };
  const { appId, openId, confirmedAtMs = 0, loginAtMs = confirmedAtMs } = view.ticket;
  const person = { appId, openId };
  const existing = await recognise(deps, person);
  const sid = randomSessionId(deps);
  if (!(await collect(deps, name, sid))) throw expired();
  const account = existing ?? (await resolveUnknown(deps, { ...person, sid }));
  if (!account)
    return { status: 'unregistered', registrationToken: await deps.tokens.signRegistration({ ...person, sid }) };
  // The user may end all sessions between the confirmation and the collection.
  if (confirmedAtMs < (account.sessionsNotBefore ?? 0)) throw expired();
  const session = { sid, ...person, loginAtMs, createdAtMs: confirmedAtMs };
  return { status: 'registered', ...(await openUnlessRevoked(deps, account, session)) };
}

/** Collects the ticket for one session. The ticket lives as long as the session, which a registration opens later. */
function collect({ table, now }: PollDeps, ticket: string, sid: string): Promise<boolean> {
  const nowMs = now();
  const expiresAt = Math.floor(nowMs / 1_000) + REGISTRATION_LIFE_S + SESSION_LIFE_S;
  return markCollected(table, { ticket, collector: sid, expiresAt, nowMs });
}

/** The user may revoke the login between the collection and the storing of its session. */
async function openUnlessRevoked(
  deps: PollDeps,
  account: Account,
  session: Person & { sid: string; loginAtMs: number; createdAtMs: number },
) {
  try {
    return await openSession(deps, account, { ...session, isNewUser: false });
  } catch (error) {
    throw isAppError(error, 'UNAUTHENTICATED') ? expired() : error;
  }
}

/** With `auto` creates an account for a new user, unless the user revoked the login after the collection. */
async function resolveUnknown(
  deps: PollDeps,
  { sid, ...person }: Person & { sid: string },
): Promise<Account | undefined> {
  const unionId = person.appId === deps.officialAppId ? await resolveUnionId(deps, person) : undefined;
  if (deps.register === 'ask') return recognise(deps, { ...person, unionId });
  if ((await readOpenedSession(deps.table, sid)) === 'revoked') throw expired();
  return (await recogniseOrCreate(deps, { ...person, unionId })).account;
}

function expired(): AppError {
  return new AppError('TICKET_EXPIRED', 'This QR code has expired; create a new one');
}
