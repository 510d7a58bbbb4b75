import { randomId } from '../core/ids.ts';
import type { Runtime } from '../core/runtime.ts';
import type { Account } from '../store/accounts.ts';
import { ACCOUNT_ID_LENGTH } from '../store/keys.ts';

/** What a client may know of an account; `phone` is masked. */
export interface UserView {
  id: string;
  username: string;
  initialized: boolean;
  nickname: string | null;
  avatarUrl: string | null;
  phone: string | null;
}

/** A fresh account with a random name; nothing is stored yet. */
export function newAccount({ randomBytes, now }: Pick<Runtime, 'randomBytes' | 'now'>): Account {
  return {
    id: randomId(randomBytes, ACCOUNT_ID_LENGTH),
    username: `user_${randomId(randomBytes, 10)}`,
    createdAt: new Date(now()).toISOString(),
    revision: 0,
  };
}

/** The account as its owner sees it. */
export function userView(account: Account): UserView {
  return {
    id: account.id,
    username: account.username,
    initialized: account.phone !== undefined,
    nickname: account.nickname ?? null,
    avatarUrl: account.avatarUrl ?? null,
    phone: account.phone === undefined ? null : maskPhone(account.phone),
  };
}

/** A phone as people write it: the bare number in mainland China, E.164 from abroad. No two phones look alike. */
export function phoneUsername(e164: string): string {
  return e164.replace(/^\+86/, '');
}

function maskPhone(e164: string): string {
  const national = phoneUsername(e164).replace(/^\+/, '');
  return `${national.slice(0, 3)}****${national.slice(-4)}`;
}
