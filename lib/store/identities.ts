import { UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import { keys } from './keys.ts';
import { getItem, type Consistency, type Table } from './table.ts';

/** Who WeChat says somebody is: an openid belongs to one app, a unionid to all apps of one Open Platform account. */
export interface Person {
  appId: string;
  openId: string;
  unionId?: string | undefined;
}

/** What we know of a person in one app: their account, if they have one, and whether they follow. */
export interface Identity extends Person {
  accountId?: string;
  /** When this person, who had no account, was given theirs (ISO 8601). */
  registeredAt?: string;
  /** Only in an official account, and only once a push said so. */
  subscribed?: boolean;
  /** CreateTime of that push, epoch seconds. */
  subscribedChangedAt?: number;
  /** WeChat is still to be asked about this person, since this time (epoch ms). */
  followUpAt?: number;
}

/** The name of an identity in its account. */
export function identityName({ appId, openId }: Person): string {
  return `${appId}#${openId}`;
}

/** The person that such a name stands for. */
export function personOf(name: string): Person {
  const at = name.indexOf('#');
  return { appId: name.slice(0, at), openId: name.slice(at + 1) };
}

/** The identity, or undefined. */
export function readIdentity(
  table: Table,
  { appId, openId }: Person,
  consistency: Consistency,
): Promise<Identity | undefined> {
  return getItem(table, keys.identity(appId, openId), consistency);
}

/** The account that a unionid leads to, or undefined. */
export async function readUnion(table: Table, unionId: string, consistency: Consistency): Promise<string | undefined> {
  return (await getItem<{ accountId: string }>(table, keys.union(unionId), consistency))?.accountId;
}

/** The account that a phone leads to, or undefined. */
export async function readPhoneHolder(table: Table, phone: string): Promise<string | undefined> {
  return (await getItem<{ accountId: string }>(table, keys.phone(phone), 'strong'))?.accountId;
}

/**
 * Keeps whether a person follows, unless a later push said so already: pushes overtake one another. Somebody new to
 * follow is to be asked about. @returns whether this push was the latest
 */
export async function setSubscribed(
  table: Table,
  { appId, openId, subscribed, atS, nowMs }: Person & { subscribed: boolean; atS: number; nowMs: number },
): Promise<boolean> {
  const followUp = subscribed ? 'SET followUpAt = :now, ' : 'REMOVE followUpAt SET ';
  const kept = await changeIdentity(
    table,
    { appId, openId },
    {
      UpdateExpression: `${followUp}appId = :appId, openId = :openId, subscribed = :subscribed, subscribedChangedAt = :at`,
      ConditionExpression: 'attribute_not_exists(subscribedChangedAt) OR subscribedChangedAt <= :at',
      ExpressionAttributeValues: {
        ':appId': appId,
        ':openId': openId,
        ':subscribed': subscribed,
        ':at': atS,
        ...(subscribed && { ':now': nowMs }),
      },
    },
  );
  return kept.done;
}

/** Keeps the unionid of somebody without an account. With an account it is linked: see account-links.ts. */
export async function keepUnionId(table: Table, person: Person & { unionId: string }): Promise<void> {
  await changeIdentity(table, person, {
    UpdateExpression: 'SET appId = :appId, openId = :openId, unionId = :unionId',
    ConditionExpression: 'attribute_not_exists(accountId)',
    ExpressionAttributeValues: { ':appId': person.appId, ':openId': person.openId, ':unionId': person.unionId },
  });
}

/** Somebody is to be asked about anew; nothing happens for somebody without an account. */
export async function requestFollowUp(table: Table, person: Person, nowMs: number): Promise<void> {
  await changeIdentity(table, person, {
    UpdateExpression: 'SET followUpAt = :now',
    ConditionExpression: 'attribute_exists(accountId)',
    ExpressionAttributeValues: { ':now': nowMs },
  });
}

/** What was asked for has been done. What was asked for since is still to be done. */
export async function endFollowUp(table: Table, { followUpAt, ...person }: Identity): Promise<void> {
  await changeIdentity(table, person, {
    UpdateExpression: 'REMOVE followUpAt',
    ConditionExpression: 'followUpAt = :seen',
    ExpressionAttributeValues: { ':seen': followUpAt },
  });
}

function changeIdentity(
  { client, name: TableName }: Table,
  { appId, openId }: Person,
  change: Omit<UpdateCommandInput, 'TableName' | 'Key'>,
) {
  return attempt(() => client.send(new UpdateCommand({ TableName, Key: keys.identity(appId, openId), ...change })));
}
