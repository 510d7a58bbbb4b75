import { PutCommand, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
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
  /** Only in an official account, and only once a push said so. */
  subscribed?: boolean;
  /** CreateTime of that push, epoch seconds. */
  subscribedChangedAt?: number;
  /** What is still to be asked of WeChat about this person. */
  followUp?: FollowUp;
}

export type FollowUp = 'follower' | 'profile';

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

/** Lets a person lead to an account, unless they lead to one already. @returns the account that they lead to now */
export async function claimIdentity(table: Table, person: Person, accountId: string): Promise<string> {
  const { appId, openId, unionId } = person;
  const claimed = await changeIdentity(table, person, {
    UpdateExpression: `SET appId = :appId, openId = :openId, accountId = :accountId${unionId ? ', unionId = :unionId' : ''}`,
    ConditionExpression: 'attribute_not_exists(accountId)',
    ExpressionAttributeValues: {
      ':appId': appId,
      ':openId': openId,
      ':accountId': accountId,
      ...(unionId && { ':unionId': unionId }),
    },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  return claimed.done ? accountId : String(claimed.old?.['accountId']);
}

/** Lets a unionid lead to an account, unless it leads to one already. @returns the account that it leads to now */
export async function claimUnion(
  { client, name: TableName }: Table,
  unionId: string,
  accountId: string,
): Promise<string> {
  const put = new PutCommand({
    TableName,
    Item: { ...keys.union(unionId), unionId, accountId },
    ConditionExpression: 'attribute_not_exists(pk)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  const claimed = await attempt(client.send(put));
  return claimed.done ? accountId : String(claimed.old?.['accountId']);
}

/**
 * Keeps whether a person follows, unless a later push said so already: pushes overtake one another. Somebody new to
 * follow is to be asked about.
 */
export async function setSubscribed(
  table: Table,
  { appId, openId, subscribed, atS }: { appId: string; openId: string; subscribed: boolean; atS: number },
): Promise<boolean> {
  const followUp = subscribed ? 'SET followUp = :followUp, ' : 'REMOVE followUp SET ';
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
        ...(subscribed && { ':followUp': 'follower' satisfies FollowUp }),
      },
    },
  );
  return kept.done;
}

/** Asks for what changed about a person; nothing happens for somebody without an account. */
export async function requestFollowUp(table: Table, person: Person, followUp: FollowUp): Promise<void> {
  await changeIdentity(table, person, {
    UpdateExpression: 'SET followUp = :followUp',
    ConditionExpression: 'attribute_exists(accountId)',
    ExpressionAttributeValues: { ':followUp': followUp },
  });
}

/** What was to be asked has been asked. Something else that was asked for meanwhile stays. */
export async function endFollowUp(table: Table, person: Person, followUp: FollowUp): Promise<void> {
  await changeIdentity(table, person, {
    UpdateExpression: 'REMOVE followUp',
    ConditionExpression: 'followUp = :followUp',
    ExpressionAttributeValues: { ':followUp': followUp },
  });
}

function changeIdentity(
  { client, name: TableName }: Table,
  { appId, openId }: Person,
  change: Omit<UpdateCommandInput, 'TableName' | 'Key'>,
) {
  return attempt(client.send(new UpdateCommand({ TableName, Key: keys.identity(appId, openId), ...change })));
}
