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
  /** Which of the two are WeChat's word: what a person said here is not replaced by what WeChat says. */
  wechatFields?: Set<string>;
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

export const PROFILE_FIELDS = ['nickname', 'avatarUrl'] as const;
export type Profile = Pick<Account, (typeof PROFILE_FIELDS)[number]>;

/** Sets what is given, as the word of `source`, and leaves the rest. The account as it is then, undefined when gone. */
export function setProfile(
  table: Table,
  id: string,
  profile: Profile,
  source: 'person' | 'wechat',
): Promise<Account | undefined> {
  const fields = PROFILE_FIELDS.filter((field) => profile[field] !== undefined);
  return writeProfile(table, id, { profile, fields, mark: source === 'wechat' ? 'ADD' : 'DELETE' });
}

/** Sets what is given as WeChat's word, where nobody said anything else. The account as it is then. */
export async function takeWechatProfile(table: Table, account: Account, profile: Profile): Promise<Account> {
  const fields = PROFILE_FIELDS.filter((field) => profile[field] !== undefined && isWechats(account, field));
  const only = (field: string, theirs: string) => `(attribute_not_exists(${field}) OR ${theirs})`;
  return (await writeProfile(table, account.id, { profile, fields, mark: 'ADD', only })) ?? account;
}

/** Takes away of nickname and avatar what is WeChat's word; true if there was any. */
export async function clearWechatProfile(table: Table, { id, wechatFields = new Set() }: Account): Promise<boolean> {
  const fields = PROFILE_FIELDS.filter((field) => wechatFields.has(field));
  const only = (_: string, theirs: string) => theirs;
  return (await writeProfile(table, id, { profile: {}, fields, mark: 'DELETE', only })) !== undefined;
}

function isWechats({ wechatFields, ...account }: Account, field: keyof Profile): boolean {
  return account[field] === undefined || (wechatFields?.has(field) ?? false);
}

/**
 * Sets the fields to what the profile says, or removes them where it says nothing; `only` makes a condition for each of
 * them out of the one that it is WeChat's word.
 */
async function writeProfile(
  { client, name: TableName }: Table,
  id: string,
  write: {
    profile: Profile;
    fields: (keyof Profile)[];
    mark: 'ADD' | 'DELETE';
    only?: (field: string, theirs: string) => string;
  },
): Promise<Account | undefined> {
  const { profile, fields, mark, only } = write;
  if (fields.length === 0) return undefined;
  const set = fields.filter((field) => profile[field] !== undefined);
  const removed = fields.filter((field) => profile[field] === undefined);
  const parts = [
    ...(set.length > 0 ? [`SET ${set.map((field) => `${field} = :${field}`).join(', ')}`] : []),
    ...(removed.length > 0 ? [`REMOVE ${removed.join(', ')}`] : []),
    `${mark} wechatFields :fields`,
  ];
  const guards = only ? fields.map((field) => only(field, `contains(wechatFields, :is_${field})`)) : [];
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
          ...(only && Object.fromEntries(fields.map((field) => [`:is_${field}`, field]))),
        },
        ReturnValues: 'ALL_NEW',
      }),
    ),
  );
  return changed.done ? (changed.output.Attributes as Account) : undefined;
}

/** Condition of every write to an account. */
export const LIVING = 'attribute_exists(pk) AND attribute_not_exists(mergedInto) AND attribute_not_exists(closedAt)';

/** What happened to somebody's accounts, kept for good; without the person once they closed their account. */
export interface MergeRecord {
  intoId: string;
  fromId: string;
  mergedAt: string;
  /** The unionid that showed both to be one person. */
  unionId?: string;
  /** What led to the account that is gone. */
  identities?: string[];
}

/** The merges that led to this account. */
export async function readMerges({ client, name: TableName }: Table, intoId: string): Promise<MergeRecord[]> {
  const { pk, sk } = keys.merge(intoId, '');
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
      ExpressionAttributeValues: { ':pk': pk, ':sk': sk },
      ConsistentRead: true,
    }),
  );
  return Items as MergeRecord[];
}

/** Takes the person out of the records of these merges. */
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
