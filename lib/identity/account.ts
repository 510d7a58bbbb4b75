import { randomId } from '../core/ids.ts';
import type { Runtime } from '../core/runtime.ts';
import type { Account } from '../store/accounts.ts';
import { ACCOUNT_ID_LENGTH } from '../store/keys.ts';

/** The fields of an account that its user may see. A phone is masked, also as the username. */
export interface UserView {
  id: string;
  username: string;
  initialized: boolean;
  nickname: string | null;
  avatarUrl: string | null;
  phone: string | null;
}

/** Returns a new account with a random username. Stores nothing. */
export function newAccount({ randomBytes, now }: Pick<Runtime, 'randomBytes' | 'now'>): Account {
  const createdAt = new Date(now()).toISOString();
  return {
    id: randomId(randomBytes, ACCOUNT_ID_LENGTH),
    username: randomUsername(randomBytes),
    createdAt,
    lastActiveAt: createdAt,
    revision: 0,
  };
}

/** Returns a username for an account without a phone. */
export function randomUsername(randomBytes: Runtime['randomBytes']): string {
  return `user_${randomId(randomBytes, 10)}`;
}

/** Returns the fields of an account that its user may see. */
export function userView(account: Account): UserView {
  const phone = account.phone === undefined ? null : maskPhone(account.phone);
  return {
    id: account.id,
    username: phone ?? account.username,
    initialized: phone !== null,
    nickname: account.nickname ?? null,
    avatarUrl: account.avatarUrl ?? null,
    phone,
  };
}

/**
 * Returns the username for a phone number: the national number in mainland China, E.164 elsewhere. Different phone
 * numbers have different usernames.
 */
export function phoneUsername(e164: string): string {
  return e164.replace(/^\+86/, '');
}

function maskPhone(e164: string): string {
  const national = phoneUsername(e164).replace(/^\+/, '');
  return `${national.slice(0, 3)}****${national.slice(-4)}`;
}
