import { retryOnConflict, VERSION_CONFLICT } from '../core/optimistic-locking.ts';
import type { Runtime } from '../core/runtime.ts';
import { readAuthorisations, type Authorisation } from '../events/authorisations.ts';
import type { DomainEvent } from '../events/schemas.ts';
import { randomUsername } from '../identity/account.ts';
import { LATE_ORDER_AGE_MS } from '../identity/close-account.ts';
import { eraseAccount, eraseLateData, type EraseDeps } from '../identity/erase-account.ts';
import { eraseProfile, eraseWechatProfile } from '../identity/erase-profile.ts';
import { unlinkPhone } from '../store/account-links.ts';
import { readAccount, readStoredAccount, type Account } from '../store/accounts.ts';
import { deleteIdentity, readIdentity, readUnion, type Identity, type Person } from '../store/identities.ts';
import { markApplied, readRevocation, type Revocation } from '../store/revocations.ts';
import type { Table } from '../store/table.ts';
import { dropUserToken } from '../store/user-tokens.ts';

export type RevocationDeps = EraseDeps &
  Pick<Runtime, 'randomBytes'> & {
    /** Deletes the files that were the avatar of the account before. */
    deleteReplaced(account: Account): Promise<unknown>;
  };

type Datum = 'nickname' | 'avatarUrl' | 'uploads' | 'wechatProfile' | 'phone';

/**
 * The stored data that an authorisation gave. No other authorisation gives data that this service stores. A page of the
 * official account gets the values of WeChat only; the user types any other value there.
 */
const GIVEN: Partial<Record<Authorisation, readonly Datum[]>> = {
  'nickname-and-avatar': ['nickname', 'avatarUrl'],
  'keyboard-nickname': ['nickname'],
  'selected-avatar': ['avatarUrl'],
  // The avatar can be such a picture.
  'selected-pictures': ['avatarUrl', 'uploads'],
  'selected-files': ['avatarUrl', 'uploads'],
  'h5-selected-pictures': ['avatarUrl', 'uploads'],
  'phone-number': ['phone'],
  'h5-nickname-and-avatar': ['wechatProfile'],
  everything: ['wechatProfile'],
};

/**
 * Deletes the data of withdrawn authorisations, or closes the account of a user who closed the WeChat account. Only the
 * id of the push is taken from the event, because the table decides about deletions. Idempotent: a repeated event does
 * not delete data that the user gave again.
 *
 * In plain mode, an attacker with one signed address can send any content. Such a push deletes only the nickname and the
 * avatar, which the user can enter again. A lost phone or account would be permanent, so an operator has to check it.
 * @throws Error when no such push is stored
 */
export async function applyRevocation(
  deps: RevocationDeps,
  { data: { appId, pushId } }: DomainEvent<'user.authorization-revoked'>,
): Promise<void> {
  const revocation = await readRevocation(deps.table, { appId, pushId });
  if (!revocation) throw new Error('This revocation is not stored; an event of another source cannot delete data');
  if (revocation.appliedAtMs !== undefined) return;
  if (revocation.cancelled) await applyCancellation(deps, revocation);
  else await deleteGiven(deps, revocation);
  await markApplied(deps.table, revocation, deps.now());
}

async function deleteGiven(deps: RevocationDeps, revocation: Revocation): Promise<void> {
  const data = new Set(readAuthorisations(revocation.revokeInfo).flatMap((name) => GIVEN[name as Authorisation] ?? []));
  const fields = (['nickname', 'avatarUrl'] as const).filter((field) => data.has(field));
  if (data.has('wechatProfile')) await eraseWechatProfile(deps, revocation);
  if (fields.length > 0) await eraseProfile(deps, revocation, fields);
  if (!revocation.verified) {
    if (data.has('phone') || data.has('uploads')) requestCheck(deps, revocation);
    return;
  }
  if (data.has('phone')) await releasePhoneOf(deps, revocation);
  if (data.has('avatarUrl')) await deleteFiles(deps, revocation, data.has('uploads'));
}

/** Deletes the files of former avatars, or all files of the user. */
async function deleteFiles(deps: RevocationDeps, person: Person, all: boolean): Promise<void> {
  const { account } = await findPerson(deps.table, person);
  if (account) await (all ? deps.eraseUploads(account) : deps.deleteReplaced(account));
}

/** Removes the phone from the account of the user. */
async function releasePhoneOf(deps: RevocationDeps, person: Person): Promise<void> {
  const accountId = await retryOnConflict(deps, async () => {
    const { account } = await findPerson(deps.table, person);
    const { phone } = account ?? {};
    if (!account || phone === undefined) return undefined;
    const change = {
      username: randomUsername(deps.randomBytes),
      phoneRelease: { reason: 'authorization-revoked' },
    } as const;
    return (await unlinkPhone(deps.table, { ...account, phone }, change)) ? account.id : VERSION_CONFLICT;
  });
  if (accountId !== undefined) deps.log.info('user.phone-released', { accountId });
}

/**
 * Closes the account of the user, also while money is open, because the user cannot return. The orders and the wallet
 * remain for refunds. A user without an account loses the identity.
 */
async function applyCancellation(deps: RevocationDeps, revocation: Revocation): Promise<void> {
  if (!revocation.verified) {
    await eraseWechatProfile(deps, revocation);
    return requestCheck(deps, revocation);
  }
  await dropUserToken(deps.table, revocation);
  const closed = (await closeAccountOf(deps, revocation)) ?? (await readClosed(deps.table, revocation));
  if (closed) await eraseLateData(deps, closed, { sinceMs: Date.parse(revocation.at) - LATE_ORDER_AGE_MS });
}

/** @returns the account as it was before the close, or undefined if the user has no account */
async function closeAccountOf(deps: RevocationDeps, person: Person): Promise<Account | undefined> {
  const closed = await retryOnConflict(deps, async () => {
    const { identity, account } = await findPerson(deps.table, person);
    if (!account) return identity?.accountId === undefined ? undefined : VERSION_CONFLICT;
    return (await eraseAccount(deps, account, 'wechat-account-cancelled')) ?? VERSION_CONFLICT;
  });
  // A concurrent login can link the identity to a new account, which has none of the erased data.
  await deleteIdentity(deps.table, person);
  return closed;
}

/** Returns the account that an earlier attempt closed. */
async function readClosed(table: Table, { accountId }: Revocation): Promise<Account | undefined> {
  const account = accountId === undefined ? undefined : await readStoredAccount(table, accountId, 'strong');
  return account?.closedAt === undefined ? undefined : account;
}

/** Reads the identity of a user, and the account of its openid or its unionid. */
async function findPerson(
  table: Table,
  { appId, openId }: Person,
): Promise<{ identity?: Identity | undefined; account?: Account | undefined }> {
  const identity = await readIdentity(table, { appId, openId }, 'strong');
  const { accountId, unionId } = identity ?? {};
  const id = accountId ?? (unionId === undefined ? undefined : await readUnion(table, unionId, 'strong'));
  return { identity, account: id === undefined ? undefined : await readAccount(table, id, 'strong') };
}

function requestCheck({ log }: RevocationDeps, { openId, accountId, revokeInfo, cancelled }: Revocation): void {
  log.warn('authorization.check-requested', { openId, accountId, revoked: readAuthorisations(revokeInfo), cancelled });
}
