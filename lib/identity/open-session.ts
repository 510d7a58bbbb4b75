import type { Runtime } from '../runtime.ts';
import { createAccount, readAccount, readIdentity, type Account, type Identity } from '../store/accounts.ts';
import { putSession, type Session } from '../store/sessions.ts';
import type { Consistency, Table } from '../store/table.ts';
import { newAccount, userView, type UserView } from './account.ts';
import type { SessionTokens } from './session-token.ts';

export type SessionDeps = Pick<Runtime, 'now' | 'sleep' | 'randomBytes'> & { table: Table; tokens: SessionTokens };

/** What a client gets when it is logged in; `expiresIn` in seconds. */
export interface SessionAnswer {
  token: string;
  tokenType: 'Bearer';
  expiresIn: number;
  user: UserView;
}

/** Seconds that a session lives. */
const SESSION_LIFE_S = 7 * 24 * 3_600;

/** Who WeChat says somebody is. */
export type Person = Pick<Identity, 'appId' | 'openId'> & Partial<Pick<Identity, 'unionId'>>;

/** The account of a person, if there is one. */
export async function findAccount(
  { table }: Pick<SessionDeps, 'table'>,
  person: Person,
  consistency: Consistency,
): Promise<Account | undefined> {
  const identity = await readIdentity(table, person, consistency);
  return identity && readAccount(table, identity.accountId, consistency);
}

/** The account of a person, created with a random username at the first sight of them. */
export async function findOrCreateAccount(
  deps: SessionDeps,
  person: Person,
): Promise<{ account: Account; isNewUser: boolean }> {
  const known = await findAccount(deps, person, 'eventual');
  if (known) return { account: known, isNewUser: false };
  const account = newAccount(deps);
  const identity = { ...person, accountId: account.id, createdAt: account.createdAt };
  if (await createAccount(deps, account, identity)) return { account, isNewUser: true };
  const winner = await findAccount(deps, person, 'strong');
  if (!winner) throw new Error('an identity exists without its account');
  return { account: winner, isNewUser: false };
}

/** Stores a session under `sid` and answers with its token. */
export async function openSession(
  deps: SessionDeps,
  account: Account,
  session: Omit<Session, 'accountId' | 'createdAtMs' | 'expiresAt'>,
): Promise<SessionAnswer> {
  const nowMs = deps.now();
  const expiresAt = Math.floor(nowMs / 1_000) + SESSION_LIFE_S;
  const stored = { ...session, accountId: account.id, createdAtMs: nowMs, expiresAt };
  await putSession(deps.table, stored);
  return sessionAnswer(deps, account, stored);
}

/** An id for a session that nothing else can lead to. */
export function randomSessionId({ randomBytes }: Pick<SessionDeps, 'randomBytes'>): string {
  return randomBytes(24).toString('base64url');
}

/** The answer for a session that is stored already; its token ends with it. */
export async function sessionAnswer(
  { tokens, now }: Pick<SessionDeps, 'tokens' | 'now'>,
  account: Account,
  { sid, expiresAt }: Pick<Session, 'sid' | 'expiresAt'>,
): Promise<SessionAnswer> {
  const token = await tokens.signSession({ sid, accountId: account.id }, expiresAt);
  return { token, tokenType: 'Bearer', expiresIn: expiresAt - Math.floor(now() / 1_000), user: userView(account) };
}
