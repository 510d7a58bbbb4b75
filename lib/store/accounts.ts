import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import { keys } from './keys.ts';
import { getItem, queryAll, type Consistency, type Table } from './table.ts';

/** The account of one user. `phone` is E.164 and absent until a phone is bound. Times are ISO 8601. */
export interface Account {
  id: string;
  username: string;
  createdAt: string;
  /** Version for optimistic locking. Each change of the identifiers increments it. */
  revision: number;
  /** Time of a login. Logins in the next ACTIVITY_INTERVAL_S are not recorded. */
  lastActiveAt?: string;
  nickname?: string;
  avatarUrl?: string;
  /** The uploaded picture that becomes the avatar when its check passes. */
  pendingAvatar?: { uploadId: string; url: string };
  /** The profile fields that came from WeChat. WeChat's values never replace values that the user entered. */
  wechatFields?: Set<string>;
  phone?: string;
  /** Why the account lost its phone; absent while it has a phone. */
  phoneRelease?: PhoneRelease;
  /** The last binding of a phone in place of another one. */
  phoneReplacement?: PhoneReplacement;
  /** Identifiers of the account: the names of identities (`identityName`), and unionids. */
  identities?: Set<string>;
  unionIds?: Set<string>;
  /** Sessions that were created before this time (epoch ms) have ended. */
  sessionsNotBefore?: number;
  /** Ids of accounts that were merged into this account. Their orders keep numbers that begin with those ids. */
  formerIds?: Set<string>;
}

/** `proofHash` stands for the proof of the number; `atMs` is the `sessionsNotBefore` that the replacement set. */
interface PhoneReplacement {
  proofHash: string;
  atMs: number;
}

/** Another user proved the number and took it over, an operator released it, or the user withdrew it at WeChat. */
export type PhoneRelease =
  { reason: 'taken-over'; takenOverBy: string } | { reason: 'operator' | 'authorization-revoked' };

/** Attributes of an account that was merged or closed. */
export interface EndOfAccount {
  mergedInto?: string;
  closedAt?: string;
  /** Present if the user closed the WeChat account. A user who closes the account here has no open money. */
  closure?: { reason: 'wechat-account-cancelled'; openMoney: boolean };
}

/**
 * Reads the account with this id. For a merged account, reads the account into which it was merged. Returns undefined for
 * a closed account.
 */
export async function readAccount(table: Table, id: string, consistency: Consistency): Promise<Account | undefined> {
  const account = await readStoredAccount(table, id, consistency);
  return account?.closedAt ? undefined : account;
}

/** Reads the account as `readAccount` does, also a closed account. */
export async function readStoredAccount(
  table: Table,
  id: string,
  consistency: Consistency,
): Promise<(Account & EndOfAccount) | undefined> {
  const account = await getItem<Account & EndOfAccount>(table, keys.account(id), consistency);
  return account?.mergedInto ? readStoredAccount(table, account.mergedInto, consistency) : account;
}

/** Returns every account id with which an order number of this user can begin. */
export function allIdsOf({ id, formerIds }: Pick<Account, 'id' | 'formerIds'>): string[] {
  return [id, ...(formerIds ?? [])];
}

/** Seconds after a recorded login in which no other login is recorded. */
export const ACTIVITY_INTERVAL_S = 7 * 24 * 3_600;

/**
 * Records that the user is active, at most once in ACTIVITY_INTERVAL_S. Never replaces a later time. Does not change
 * the revision.
 */
export async function recordActivity(
  { client, name: TableName }: Table,
  { id, lastActiveAt }: Account,
  nowMs: number,
): Promise<void> {
  if (lastActiveAt !== undefined && nowMs - Date.parse(lastActiveAt) < ACTIVITY_INTERVAL_S * 1_000) return;
  const update = new UpdateCommand({
    TableName,
    Key: keys.account(id),
    UpdateExpression: 'SET lastActiveAt = :now',
    ConditionExpression: `${LIVING} AND (attribute_not_exists(lastActiveAt) OR lastActiveAt < :now)`,
    ExpressionAttributeValues: { ':now': new Date(nowMs).toISOString() },
  });
  await attempt(() => client.send(update));
}

export const PROFILE_FIELDS = ['nickname', 'avatarUrl'] as const;
export type Profile = Pick<Account, (typeof PROFILE_FIELDS)[number]>;

/**
 * Sets the fields that the user entered, in place of other values of the user and of WeChat. An avatar also replaces the
 * pending avatar.
 * @returns the changed account, or undefined if no field was given or the account was merged or closed
 */
export function setProfile(table: Table, id: string, profile: Profile): Promise<Account | undefined> {
  const fields = PROFILE_FIELDS.filter((field) => profile[field] !== undefined);
  const also = profile.avatarUrl === undefined ? [] : ['pendingAvatar'];
  return writeProfile(table, id, { profile, fields, mark: 'DELETE', also });
}

/**
 * Sets the given fields from WeChat, except fields that the user entered.
 * @returns the changed account, or undefined if the user entered all fields or the account changed meanwhile
 */
export function setWechatProfile(table: Table, account: Account, profile: Profile): Promise<Account | undefined> {
  const fields = PROFILE_FIELDS.filter((field) => profile[field] !== undefined && isFromWechat(account, field));
  const guard = (field: string, fromWechat: string) => `(attribute_not_exists(${field}) OR ${fromWechat})`;
  return writeProfile(table, account.id, { profile, fields, mark: 'ADD', guard });
}

/** Removes the nickname and the avatar if they came from WeChat. @returns whether a field was removed */
export async function clearWechatProfile(table: Table, { id, wechatFields = new Set() }: Account): Promise<boolean> {
  const fields = PROFILE_FIELDS.filter((field) => wechatFields.has(field));
  const guard = (_: string, fromWechat: string) => fromWechat;
  return (await writeProfile(table, id, { profile: {}, fields, mark: 'DELETE', guard })) !== undefined;
}

/**
 * Removes these fields of the profile, whatever their origin. An avatar also removes the pending avatar.
 * @returns false if the account was merged or closed
 */
export async function clearProfile(table: Table, id: string, fields: readonly (keyof Profile)[]): Promise<boolean> {
  const also = fields.includes('avatarUrl') ? ['pendingAvatar'] : [];
  return (await writeProfile(table, id, { profile: {}, fields, mark: 'DELETE', also })) !== undefined;
}

/**
 * Removes a value that the user entered, if it is still stored.
 * @returns false if the field has another value or a value of WeChat, or the account was merged or closed
 */
export async function removeTypedValue(
  { client, name: TableName }: Table,
  id: string,
  field: keyof Profile,
  value: string,
): Promise<boolean> {
  const update = new UpdateCommand({
    TableName,
    Key: keys.account(id),
    UpdateExpression: `REMOVE ${field}`,
    ConditionExpression: `${LIVING} AND ${field} = :value AND NOT contains(wechatFields, :field)`,
    ExpressionAttributeValues: { ':value': value, ':field': field },
  });
  return (await attempt(() => client.send(update))).done;
}

/** Whether a value of WeChat may replace the field: the user entered none. */
export function isFromWechat({ wechatFields, ...account }: Account, field: keyof Profile): boolean {
  return account[field] === undefined || (wechatFields?.has(field) ?? false);
}

/**
 * Sets the fields to the values of the profile, and removes the fields that the profile lacks. `also` lists further
 * attributes to remove. `guard` returns the condition of one field; its second argument is the condition that the value
 * came from WeChat.
 */
async function writeProfile(
  { client, name: TableName }: Table,
  id: string,
  write: {
    profile: Profile;
    fields: readonly (keyof Profile)[];
    mark: 'ADD' | 'DELETE';
    also?: string[];
    guard?: (field: string, fromWechat: string) => string;
  },
): Promise<Account | undefined> {
  const { profile, fields, mark, also = [], guard } = write;
  if (fields.length === 0) return undefined;
  const set = fields.filter((field) => profile[field] !== undefined);
  const removed = [...fields.filter((field) => profile[field] === undefined), ...also];
  const parts = [
    ...(set.length > 0 ? [`SET ${set.map((field) => `${field} = :${field}`).join(', ')}`] : []),
    ...(removed.length > 0 ? [`REMOVE ${removed.join(', ')}`] : []),
    `${mark} wechatFields :fields`,
  ];
  const guards = guard ? fields.map((field) => guard(field, `contains(wechatFields, :is_${field})`)) : [];
  const changed = await attempt(() =>
    client.send(
      new UpdateCommand({
        TableName,
        Key: keys.account(id),
        UpdateExpression: parts.join(' '),
        ConditionExpression: [LIVING, ...guards].join(' AND '),
        ExpressionAttributeValues: {
          ':fields': new Set(fields),
          ...Object.fromEntries(set.map((field) => [`:${field}`, profile[field]])),
          ...(guard && Object.fromEntries(fields.map((field) => [`:is_${field}`, field]))),
        },
        ReturnValues: 'ALL_NEW',
      }),
    ),
  );
  return changed.done ? (changed.written.Attributes as Account) : undefined;
}

/**
 * Ends all sessions of an account that were created before `notBeforeMs` (epoch ms).
 * @returns false if this or a later time is stored, or the account was merged or closed
 */
export async function setSessionsNotBefore(
  { client, name: TableName }: Table,
  id: string,
  notBeforeMs: number,
): Promise<boolean> {
  const update = new UpdateCommand({
    TableName,
    Key: keys.account(id),
    UpdateExpression: 'SET sessionsNotBefore = :at',
    ConditionExpression: `${LIVING} AND (attribute_not_exists(sessionsNotBefore) OR sessionsNotBefore < :at)`,
    ExpressionAttributeValues: { ':at': notBeforeMs },
  });
  return (await attempt(() => client.send(update))).done;
}

/** Condition of every update of an account: the account exists, and was neither merged nor closed. */
export const LIVING = 'attribute_exists(pk) AND attribute_not_exists(mergedInto) AND attribute_not_exists(closedAt)';

/** The permanent record of a merge. Its personal data are removed when the user closes the account. */
export interface MergeRecord {
  intoId: string;
  fromId: string;
  mergedAt: string;
  /** The unionid that both accounts share. */
  unionId?: string;
  /** Identifiers of the merged account. */
  identities?: string[];
}

/** Reads the records of the merges into this account. */
export function readMerges(table: Table, intoId: string): Promise<MergeRecord[]> {
  return queryAll(table, keys.merge(intoId, ''), 'strong');
}

/** Removes the personal data from the records of the merges into this account. */
export async function anonymiseMerges(table: Table, intoId: string): Promise<void> {
  for (const { fromId } of await readMerges(table, intoId)) {
    await table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: keys.merge(intoId, fromId),
        UpdateExpression: 'REMOVE unionId, identities',
      }),
    );
  }
}
