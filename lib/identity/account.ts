import { randomId } from '../ids.ts';
import type { Runtime } from '../runtime.ts';
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

function maskPhone(e164: string): string {
  const national = e164.replace(/^\+86/, '').replace(/^\+/, '');
  return `${national.slice(0, 3)}****${national.slice(-4)}`;
}
