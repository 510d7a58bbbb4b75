import { DeleteCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import { keys } from './keys.ts';
import { getItem, type Consistency, type Table } from './table.ts';

/** One user's account. `phone` is E.164 and absent until one is bound; times are ISO 8601. */
export interface Account {
  id: string;
  username: string;
  createdAt: string;
  /** Version for optimistic locking: grows with each change of the identifiers. */
  revision: number;
  nickname?: string;
  avatarUrl?: string;
  /** Which of nickname and avatar came from WeChat: values that the user entered are never replaced by WeChat's. */
  wechatFields?: Set<string>;
  phone?: string;
  /** Identifiers of the account: names of identities (`identityName`), and unionids. */
  identities?: Set<string>;
  unionIds?: Set<string>;
  /** Ids of accounts that were merged into this one: their orders keep their numbers, which begin with those ids. */
  formerIds?: Set<string>;
}

/** Marks of an account that was merged or closed. */
interface EndOfAccount {
  mergedInto?: string;
  closedAt?: string;
}

/** Reads the account of an id: a merged account resolves to the account it was merged into, a closed one to undefined. */
export async function readAccount(table: Table, id: string, consistency: Consistency): Promise<Account | undefined> {
  const account = await getItem<Account & EndOfAccount>(table, keys.account(id), consistency);
  if (account?.mergedInto) return readAccount(table, account.mergedInto, consistency);
  return account?.closedAt ? undefined : account;
}

/** Every account id that order numbers of this user may begin with. */
export function allIdsOf({ id, formerIds }: Account): string[] {
  return [id, ...(formerIds ?? [])];
}

/** Stores a new account, to which no identifier points yet. */
export async function putAccount({ client, name: TableName }: Table, account: Account): Promise<void> {
  await client.send(new PutCommand({ TableName, Item: { ...keys.account(account.id), ...account } }));
}

/** Deletes an account to which no identifier points. */
export async function deleteAccount({ client, name: TableName }: Table, id: string): Promise<void> {
  await client.send(new DeleteCommand({ TableName, Key: keys.account(id) }));
}

export const PROFILE_FIELDS = ['nickname', 'avatarUrl'] as const;
export type Profile = Pick<Account, (typeof PROFILE_FIELDS)[number]>;

/** Sets the given fields with their source. @returns the changed account, undefined when it is gone */
export function setProfile(
  table: Table,
  id: string,
  profile: Profile,
  source: 'user' | 'wechat',
): Promise<Account | undefined> {
  const fields = PROFILE_FIELDS.filter((field) => profile[field] !== undefined);
  return writeProfile(table, id, { profile, fields, mark: source === 'wechat' ? 'ADD' : 'DELETE' });
}

/** Sets the given fields from WeChat, except those that the user entered. @returns the changed account */
export async function setWechatProfile(table: Table, account: Account, profile: Profile): Promise<Account> {
  const fields = PROFILE_FIELDS.filter((field) => profile[field] !== undefined && isFromWechat(account, field));
  const only = (field: string, fromWechat: string) => `(attribute_not_exists(${field}) OR ${fromWechat})`;
  return (await writeProfile(table, account.id, { profile, fields, mark: 'ADD', only })) ?? account;
}

/** Removes nickname and avatar where they came from WeChat; true if there was any. */
export async function clearWechatProfile(table: Table, { id, wechatFields = new Set() }: Account): Promise<boolean> {
  const fields = PROFILE_FIELDS.filter((field) => wechatFields.has(field));
  const only = (_: string, fromWechat: string) => fromWechat;
  return (await writeProfile(table, id, { profile: {}, fields, mark: 'DELETE', only })) !== undefined;
}

function isFromWechat({ wechatFields, ...account }: Account, field: keyof Profile): boolean {
  return account[field] === undefined || (wechatFields?.has(field) ?? false);
}

/**
 * Sets the fields to the values of the profile, or removes them where the profile has none. `only` builds a condition for
 * each field from the condition that its value came from WeChat.
 */
async function writeProfile(
  { client, name: TableName }: Table,
  id: string,
  write: {
    profile: Profile;
    fields: (keyof Profile)[];
    mark: 'ADD' | 'DELETE';
    only?: (field: string, fromWechat: string) => string;
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
  return changed.done ? (changed.written.Attributes as Account) : undefined;
}

/** Condition of every write to an account. */
export const LIVING = 'attribute_exists(pk) AND attribute_not_exists(mergedInto) AND attribute_not_exists(closedAt)';

/** The permanent record of a merge; its personal data go when the user closes the account. */
export interface MergeRecord {
  intoId: string;
  fromId: string;
  mergedAt: string;
  /** The unionid that both accounts share. */
  unionId?: string;
  /** Identifiers of the merged account. */
  identities?: string[];
}

/** Reads the merges into this account. */
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

/** Removes the personal data from these merge records. */
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
