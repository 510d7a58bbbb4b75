import { DeleteCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { allIdsOf, type Account } from './accounts.ts';
import { attempt } from './attempt.ts';
import { keys } from './keys.ts';
import { getItem, queryAll, type Consistency, type Table } from './table.ts';

/**
 * A file that a user uploaded. `checking`: WeChat has not classified it yet. `review`: only an operator can classify it.
 * A refused file is deleted, and its item remains until `expiresAt`, so that the same bytes are refused again.
 */
export interface Upload {
  accountId: string;
  uploadId: string;
  /** The name in the bucket and in the address: the id and the extension of the type. */
  key: string;
  type: 'image/jpeg' | 'image/png' | 'image/gif';
  bytes: number;
  /** SHA-256 of the file, base64url. */
  sha256: string;
  state: 'checking' | 'passed' | 'refused' | 'review';
  /** ISO 8601. */
  createdAt: string;
  /** Epoch seconds; also the TTL. Absent for a file that is kept. */
  expiresAt?: number;
  /** Time at which the file became the avatar or the pending avatar (ISO 8601). An upload becomes an avatar once. */
  usedAt?: string;
}

type UploadKey = Pick<Upload, 'accountId' | 'uploadId'>;

/** Stores a new upload. */
export async function putUpload({ client, name: TableName }: Table, upload: Upload): Promise<void> {
  await client.send(
    new PutCommand({ TableName, Item: { ...keys.upload(upload.accountId, upload.uploadId), ...upload } }),
  );
}

/** Reads an upload of an account, or undefined if it does not exist or has expired. */
export async function readUpload(
  table: Table,
  { accountId, uploadId }: UploadKey,
  { nowMs, consistency }: { nowMs: number; consistency: Consistency },
): Promise<Upload | undefined> {
  const upload = await getItem<Upload>(table, keys.upload(accountId, uploadId), consistency);
  return upload && (upload.expiresAt ?? Infinity) * 1_000 > nowMs ? upload : undefined;
}

/** Reads all uploads of an account, including expired uploads that the TTL has not deleted yet. */
export function readUploads(table: Table, accountId: string): Promise<Upload[]> {
  return queryAll(table, keys.upload(accountId, ''), 'strong');
}

/** Reads all uploads of a user, as `readUploads` does, also those under the ids of merged accounts. */
export async function readAllUploads(table: Table, account: Pick<Account, 'id' | 'formerIds'>): Promise<Upload[]> {
  return (await Promise.all(allIdsOf(account).map((id) => readUploads(table, id)))).flat();
}

/**
 * Stores the verdict about an upload. A verdict is final: only an upload in `checking` or `review` changes.
 * @returns the upload in its new state, or undefined if another verdict is stored or the upload does not exist
 */
export async function setUploadState(
  { client, name: TableName }: Table,
  { accountId, uploadId }: UploadKey,
  state: Exclude<Upload['state'], 'checking'>,
): Promise<Upload | undefined> {
  const update = new UpdateCommand({
    TableName,
    Key: keys.upload(accountId, uploadId),
    UpdateExpression: 'SET #state = :state',
    ConditionExpression: '#state IN (:checking, :review) AND #state <> :state',
    ExpressionAttributeNames: { '#state': 'state' },
    ExpressionAttributeValues: { ':state': state, ':checking': 'checking', ':review': 'review' },
    ReturnValues: 'ALL_NEW',
  });
  const changed = await attempt(() => client.send(update));
  return changed.done ? (changed.written.Attributes as Upload) : undefined;
}

/**
 * Keeps an upload, so that it no longer expires. Idempotent.
 * @returns false if the upload has expired or does not exist
 */
export async function keepUpload(
  { client, name: TableName }: Table,
  { accountId, uploadId }: UploadKey,
  nowMs: number,
): Promise<boolean> {
  const update = new UpdateCommand({
    TableName,
    Key: keys.upload(accountId, uploadId),
    UpdateExpression: 'REMOVE expiresAt',
    ConditionExpression: 'attribute_exists(pk) AND (attribute_not_exists(expiresAt) OR expiresAt > :now)',
    ExpressionAttributeValues: { ':now': nowMs / 1_000 },
  });
  return (await attempt(() => client.send(update))).done;
}

/** Sets the end of an upload (epoch seconds). Its item remains until then. */
export async function endUpload(
  { client, name: TableName }: Table,
  { accountId, uploadId }: UploadKey,
  expiresAt: number,
): Promise<void> {
  const update = new UpdateCommand({
    TableName,
    Key: keys.upload(accountId, uploadId),
    UpdateExpression: 'SET expiresAt = :at',
    ConditionExpression: 'attribute_exists(pk)',
    ExpressionAttributeValues: { ':at': expiresAt },
  });
  await attempt(() => client.send(update));
}

/** Deletes the item of an upload. */
export async function deleteUpload(
  { client, name: TableName }: Table,
  { accountId, uploadId }: UploadKey,
): Promise<void> {
  await client.send(new DeleteCommand({ TableName, Key: keys.upload(accountId, uploadId) }));
}
