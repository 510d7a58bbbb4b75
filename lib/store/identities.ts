import { DeleteCommand, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import { keys } from './keys.ts';
import { getItem, type Consistency, type Table } from './table.ts';

/** A WeChat user. An openid belongs to one app, a unionid to all apps of one Open Platform account. */
export interface Person {
  appId: string;
  openId: string;
  unionId?: string | undefined;
}

/** A WeChat user in one app, with the account and the follow state if they exist. */
export interface Identity extends Person {
  accountId?: string;
  /** When this identity got its first account (ISO 8601). */
  registeredAt?: string;
  /** Whether the user follows the official account; absent until a push reports it. */
  subscribed?: boolean;
  /** CreateTime of that push, epoch seconds. */
  subscribedChangedAt?: number;
  /** Arrival of that push (epoch ms). A follow with a scan is stored later than it arrives. */
  subscribedArrivedAtMs?: number;
  /** The ids of the stored pushes of that second, by which a repeated push is recognised. */
  subscribedPushes?: Set<string>;
  /** Time of the pending request to refresh the WeChat profile (epoch ms); absent without a request. */
  syncRequestedAtMs?: number;
  /**
   * Time of the pending request to look up the unionid (epoch ms); absent without a request. Separate from the request
   * of a profile refresh, because a refresh can erase the profile.
   */
  unionRequestedAtMs?: number;
  /** Time of the last answer of WeChat without a unionid (epoch ms). */
  unionAbsentAtMs?: number;
}

/** Minimum time between two lookups of one unionid after logins, scans and messages, in milliseconds. */
const LOOKUP_INTERVAL_MS = 24 * 3_600_000;

/** Returns the name under which an account lists an identity. */
export function identityName({ appId, openId }: Person): string {
  return `${appId}#${openId}`;
}

/** Returns the WeChat user of an identity name. */
export function personOf(name: string): Person {
  const at = name.indexOf('#');
  return { appId: name.slice(0, at), openId: name.slice(at + 1) };
}

/** Returns the openid of an account in one app; undefined if its user never used the app. */
export function openIdOf({ identities = new Set() }: { identities?: Set<string> }, appId: string): string | undefined {
  return [...identities].map(personOf).find((person) => person.appId === appId)?.openId;
}

/** Reads an identity, or undefined. */
export function readIdentity(
  table: Table,
  { appId, openId }: Person,
  consistency: Consistency,
): Promise<Identity | undefined> {
  return getItem(table, keys.identity(appId, openId), consistency);
}

/**
 * Reads the id of the account to which a unionid points, or undefined. The id may be reserved: the account does not
 * exist yet.
 */
export async function readUnion(table: Table, unionId: string, consistency: Consistency): Promise<string | undefined> {
  return (await getItem<{ accountId: string }>(table, keys.union(unionId), consistency))?.accountId;
}

/**
 * Reserves an account id for a unionid that points to no account.
 * @returns the id to which the unionid points then: `accountId`, or the id that an earlier caller stored
 */
export async function reserveUnion(
  { client, name: TableName }: Table,
  { unionId, accountId }: { unionId: string; accountId: string },
): Promise<string> {
  const update = new UpdateCommand({
    TableName,
    Key: keys.union(unionId),
    UpdateExpression: 'SET unionId = :unionId, accountId = :accountId',
    ConditionExpression: 'attribute_not_exists(pk)',
    ExpressionAttributeValues: { ':unionId': unionId, ':accountId': accountId },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  const reserved = await attempt<unknown, { accountId: string }>(() => client.send(update));
  return reserved.done ? accountId : reserved.rejecting!.accountId;
}

/** Reads the id of the account to which a phone points, or undefined. */
export async function readPhoneHolder(table: Table, phone: string): Promise<string | undefined> {
  return (await getItem<{ accountId: string }>(table, keys.phone(phone), 'strong'))?.accountId;
}

/** A push that reports whether a user follows. */
export interface FollowPush {
  /** CreateTime of the push, epoch seconds. */
  atS: number;
  pushId: string;
}

/**
 * Stores whether a user follows, unless a later push is stored, because pushes can arrive out of order. Of two pushes of
 * one second, the push that arrived later counts; a repeated push changes nothing. A follow also requests a profile
 * refresh and a lookup of the unionid, which only followers have. An unfollow removes both requests.
 * @returns whether the stored state is the state of this push; true also for a repeated push whose state is still stored
 */
export async function setSubscribed(
  table: Table,
  push: Person & FollowPush & { subscribed: boolean; arrivedAtMs: number },
): Promise<boolean> {
  const { appId, openId, subscribed, atS, pushId, arrivedAtMs } = push;
  const request = subscribed
    ? 'REMOVE unionAbsentAtMs SET syncRequestedAtMs = :arrived, unionRequestedAtMs = :arrived, '
    : 'REMOVE syncRequestedAtMs, unionRequestedAtMs SET ';
  const change = `${request}appId = :appId, openId = :openId, subscribed = :subscribed, subscribedChangedAt = :at, subscribedArrivedAtMs = :arrived`;
  const pushes = new Set([pushId]);
  const values = {
    ':appId': appId,
    ':openId': openId,
    ':subscribed': subscribed,
    ':at': atS,
    ':arrived': arrivedAtMs,
    ':pushes': pushes,
  };
  const firstOfSecond = await changeIdentity(table, push, {
    UpdateExpression: `${change}, subscribedPushes = :pushes`,
    ConditionExpression: 'attribute_not_exists(subscribedChangedAt) OR subscribedChangedAt < :at',
    ExpressionAttributeValues: values,
  });
  if (firstOfSecond.done) return true;
  const isNew = 'subscribedChangedAt = :at AND NOT contains(subscribedPushes, :pushId)';
  const ofSameSecond = await changeIdentity(table, push, {
    UpdateExpression: `${change} ADD subscribedPushes :pushes`,
    ConditionExpression: `${isNew} AND NOT subscribedArrivedAtMs > :arrived`,
    ExpressionAttributeValues: { ...values, ':pushId': pushId },
  });
  if (ofSameSecond.done) return true;
  const stored = ofSameSecond.rejecting;
  // The account was closed between the two writes.
  if (!stored) return setSubscribed(table, push);
  if (stored.subscribedChangedAt !== atS) return false;
  if (stored.subscribedPushes?.has(pushId)) return stored.subscribed === subscribed;
  // A push that arrived later is stored. This push is only recorded, so that its repetition changes nothing.
  await changeIdentity(table, push, {
    UpdateExpression: 'ADD subscribedPushes :pushes',
    ConditionExpression: isNew,
    ExpressionAttributeValues: { ':at': atS, ':pushId': pushId, ':pushes': pushes },
  });
  return stored.subscribed === subscribed;
}

/** Stores the unionid of an identity without an account. For an identity with an account, see account-links.ts. */
export async function putUnionId(table: Table, person: Person & { unionId: string }): Promise<void> {
  await changeIdentity(table, person, {
    UpdateExpression: 'SET appId = :appId, openId = :openId, unionId = :unionId',
    ConditionExpression: 'attribute_not_exists(accountId)',
    ExpressionAttributeValues: { ':appId': person.appId, ':openId': person.openId, ':unionId': person.unionId },
  });
}

/**
 * Whether a login, scan or message of this user of the official account requests a lookup of the unionid: the unionid is
 * missing, and the last day had neither a request nor an answer without a unionid.
 */
export function isUnionLookupDue(identity: Identity, nowMs: number): boolean {
  const { unionId, unionRequestedAtMs = -Infinity } = identity;
  return unionId === undefined && unionRequestedAtMs <= nowMs - LOOKUP_INTERVAL_MS && !isUnionAbsent(identity, nowMs);
}

/** Whether WeChat answered a lookup without a unionid in the last day. */
export function isUnionAbsent({ unionAbsentAtMs = -Infinity }: Identity, nowMs: number): boolean {
  return unionAbsentAtMs > nowMs - LOOKUP_INTERVAL_MS;
}

/** Requests a lookup of the unionid, if it is due. The condition repeats the rule of isUnionLookupDue. */
export async function requestUnionLookup(table: Table, identity: Identity, nowMs: number): Promise<void> {
  if (!isUnionLookupDue(identity, nowMs)) return;
  const isOld = (name: string) => `(attribute_not_exists(${name}) OR ${name} <= :dayAgo)`;
  await changeIdentity(table, identity, {
    UpdateExpression: 'SET unionRequestedAtMs = :now',
    ConditionExpression: `attribute_exists(pk) AND attribute_not_exists(unionId) AND ${isOld('unionRequestedAtMs')} AND ${isOld('unionAbsentAtMs')}`,
    ExpressionAttributeValues: { ':now': nowMs, ':dayAgo': nowMs - LOOKUP_INTERVAL_MS },
  });
}

/** Stores that WeChat returned no unionid, and completes the request. A request that arrived in the meantime remains. */
export async function putUnionAbsence(
  table: Table,
  { appId, openId, unionRequestedAtMs: seen }: Identity,
  nowMs: number,
): Promise<void> {
  await changeIdentity(
    table,
    { appId, openId },
    {
      UpdateExpression: 'SET appId = :appId, openId = :openId, unionAbsentAtMs = :now REMOVE unionRequestedAtMs',
      ConditionExpression: `attribute_not_exists(unionId) AND ${seen === undefined ? 'attribute_not_exists(unionRequestedAtMs)' : 'unionRequestedAtMs = :seen'}`,
      ExpressionAttributeValues: { ':appId': appId, ':openId': openId, ':now': nowMs, ':seen': seen },
    },
  );
}

/** Requests a refresh of the WeChat profile; does nothing for an identity without an account. */
export async function requestIdentitySync(table: Table, person: Person, nowMs: number): Promise<void> {
  await changeIdentity(table, person, {
    UpdateExpression: 'SET syncRequestedAtMs = :now',
    ConditionExpression: 'attribute_exists(accountId)',
    ExpressionAttributeValues: { ':now': nowMs },
  });
}

/** Completes a request. A request that arrived in the meantime remains. */
export async function completeRequest(
  table: Table,
  identity: Identity,
  request: 'syncRequestedAtMs' | 'unionRequestedAtMs',
): Promise<void> {
  await changeIdentity(table, identity, {
    UpdateExpression: `REMOVE ${request}`,
    ConditionExpression: `${request} = :seen`,
    ExpressionAttributeValues: { ':seen': identity[request] },
  });
}

/** Deletes an identity that has no account. */
export async function deleteIdentity(
  { client, name: TableName }: Table,
  { appId, openId }: Pick<Person, 'appId' | 'openId'>,
): Promise<void> {
  const ConditionExpression = 'attribute_not_exists(accountId)';
  const deletion = { TableName, Key: keys.identity(appId, openId), ConditionExpression };
  await attempt(() => client.send(new DeleteCommand(deletion)));
}

function changeIdentity(
  { client, name: TableName }: Table,
  { appId, openId }: Person,
  change: Omit<UpdateCommandInput, 'TableName' | 'Key'>,
) {
  const ReturnValuesOnConditionCheckFailure = 'ALL_OLD';
  const update = {
    TableName,
    Key: keys.identity(appId, openId),
    ReturnValuesOnConditionCheckFailure,
    ...change,
  } as const;
  return attempt<unknown, Identity>(() => client.send(new UpdateCommand(update)));
}
