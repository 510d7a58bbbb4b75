import { DeleteCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import { keys } from './keys.ts';
import { getItem, type Consistency, type Table } from './table.ts';

/** A person. `phone` is E.164 and absent until one is bound; times are ISO 8601. */
export interface Account {
  id: string;
  username: string;
  createdAt: string;
  /** Grows with each change of what leads here: a decision made on one revision is written on that revision only. */
  revision: number;
  nickname?: string;
  avatarUrl?: string;
  /** Whose word nickname and avatar are: what a person said here is not replaced by what WeChat says. */
  profileSource?: 'person' | 'wechat';
  phone?: string;
  /** What leads here: names of identities (`identityName`), and unionids. */
  identities?: Set<string>;
  unionIds?: Set<string>;
  /** Accounts that were merged into this one: orders keep the number, and so the id, that they were made under. */
  formerIds?: Set<string>;
}

/** What is left of an account that was merged or closed. */
interface Gone {
  mergedInto?: string;
  closedAt?: string;
}

/**
 * The living account behind an id: one that was merged leads to the account that it went into, one that was closed to
 * nothing.
 */
export async function readAccount(table: Table, id: string, consistency: Consistency): Promise<Account | undefined> {
  const account = await getItem<Account & Gone>(table, keys.account(id), consistency);
  if (account?.mergedInto) return readAccount(table, account.mergedInto, consistency);
  return account?.closedAt ? undefined : account;
}

/** Every id that orders of this person may begin with. */
export function ownIds({ id, formerIds }: Account): string[] {
  return [id, ...(formerIds ?? [])];
}

/** Stores a new account. Nothing leads to it yet. */
export async function putAccount({ client, name: TableName }: Table, account: Account): Promise<void> {
  await client.send(new PutCommand({ TableName, Item: { ...keys.account(account.id), ...account } }));
}

/** Drops an account that nothing leads to. */
export async function dropAccount({ client, name: TableName }: Table, id: string): Promise<void> {
  await client.send(new DeleteCommand({ TableName, Key: keys.account(id) }));
}

/** Takes an identity off an account that never got it. */
export async function disownIdentity({ client, name: TableName }: Table, id: string, name: string): Promise<void> {
  await client.send(
    new UpdateCommand({
      TableName,
      Key: keys.account(id),
      UpdateExpression: 'DELETE identities :names ADD revision :one',
      ExpressionAttributeValues: { ':names': new Set([name]), ':one': 1 },
    }),
  );
}

/** What may be said of a person, and by whom. */
export type Profile = Pick<Account, 'nickname' | 'avatarUrl'>;

/** Sets what is given and leaves the rest; the account as it is then, undefined when it is gone. */
export function setProfile(
  table: Table,
  id: string,
  profile: Profile,
  profileSource: NonNullable<Account['profileSource']>,
): Promise<Account | undefined> {
  const given = Object.entries({ ...profile, profileSource }).filter(([, value]) => value !== undefined);
  const assignments = given.map(([name]) => `${name} = :${name}`).join(', ');
  const values = Object.fromEntries(given.map(([name, value]) => [`:${name}`, value]));
  return changeProfile(table, id, { change: `SET ${assignments}`, condition: LIVING, values });
}

/** Takes nickname and avatar away if they are WeChat's word. */
export async function clearWechatProfile(table: Table, id: string): Promise<boolean> {
  const change = 'REMOVE nickname, avatarUrl, profileSource';
  const condition = `${LIVING} AND profileSource = :wechat`;
  return (await changeProfile(table, id, { change, condition, values: { ':wechat': 'wechat' } })) !== undefined;
}

async function changeProfile(
  { client, name: TableName }: Table,
  id: string,
  { change, condition, values }: { change: string; condition: string; values: Record<string, unknown> },
): Promise<Account | undefined> {
  const changed = await attempt(
    client.send(
      new UpdateCommand({
        TableName,
        Key: keys.account(id),
        UpdateExpression: change,
        ConditionExpression: condition,
        ExpressionAttributeValues: values,
        ReturnValues: 'ALL_NEW',
      }),
    ),
  );
  return changed.done ? (changed.output.Attributes as Account) : undefined;
}

/** Condition of every write to an account. */
export const LIVING = 'attribute_exists(pk) AND attribute_not_exists(mergedInto) AND attribute_not_exists(closedAt)';

/** What happened to somebody's accounts, kept for good. */
export interface MergeRecord {
  intoId: string;
  fromId: string;
  mergedAt: string;
  /** The unionid that showed both to be one person. */
  unionId: string;
  /** What led to the account that is gone. */
  identities: string[];
}

/** The merges that led to this account, oldest id first. */
export async function readMerges({ client, name: TableName }: Table, intoId: string): Promise<MergeRecord[]> {
  const { pk, sk } = keys.merge(intoId, '');
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
      ExpressionAttributeValues: { ':pk': pk, ':sk': sk },
    }),
  );
  return Items as MergeRecord[];
}
