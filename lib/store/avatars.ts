import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { LIVING, type Account } from './accounts.ts';
import { attempt, transact } from './attempt.ts';
import { keys } from './keys.ts';
import type { Table } from './table.ts';
import type { Upload } from './uploads.ts';

type Avatar = NonNullable<Account['pendingAvatar']>;

/**
 * Makes an upload the avatar of an account, or the pending avatar unless the upload has passed its check. Sets the
 * nickname in the same transaction, if given. An upload becomes an avatar once, so that the file of a replaced avatar
 * can be deleted.
 * @returns false if the account was merged or closed, the state of the upload changed, or the upload was an avatar before
 */
export function setAvatar(
  table: Table,
  accountId: string,
  { upload, url, nickname, at }: { upload: Upload; url: string; nickname: string | undefined; at: string },
): Promise<boolean> {
  const { name: TableName } = table;
  const isShown = upload.state === 'passed';
  const pending: Avatar = { uploadId: upload.uploadId, url };
  const entered = [...(isShown ? ['avatarUrl'] : []), ...(nickname === undefined ? [] : ['nickname'])];
  const sets = [
    isShown ? 'avatarUrl = :avatar' : 'pendingAvatar = :avatar',
    ...(nickname === undefined ? [] : ['nickname = :nickname']),
  ];
  const parts = [
    `SET ${sets.join(', ')}`,
    ...(isShown ? ['REMOVE pendingAvatar'] : []),
    ...(entered.length > 0 ? ['DELETE wechatFields :entered'] : []),
  ];
  return transact(table, [
    {
      Update: {
        TableName,
        Key: keys.account(accountId),
        UpdateExpression: parts.join(' '),
        ConditionExpression: LIVING,
        ExpressionAttributeValues: {
          ':avatar': isShown ? url : pending,
          ...(nickname !== undefined && { ':nickname': nickname }),
          ...(entered.length > 0 && { ':entered': new Set(entered) }),
        },
      },
    },
    {
      Update: {
        TableName,
        Key: keys.upload(upload.accountId, upload.uploadId),
        UpdateExpression: 'SET usedAt = :at',
        ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(usedAt) AND #state = :state',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':at': at, ':state': upload.state },
      },
    },
  ]);
}

/** Makes the pending avatar of an account its avatar. @returns false unless `avatar` is still the pending avatar */
export function showPendingAvatar(table: Table, accountId: string, { uploadId, url }: Avatar): Promise<boolean> {
  return endPendingAvatar(table, accountId, uploadId, {
    UpdateExpression: 'SET avatarUrl = :url REMOVE pendingAvatar DELETE wechatFields :entered',
    values: { ':url': url, ':entered': new Set(['avatarUrl']) },
  });
}

/** Removes the pending avatar of an account. @returns false unless the upload is still the pending avatar */
export function dropPendingAvatar(table: Table, accountId: string, uploadId: string): Promise<boolean> {
  return endPendingAvatar(table, accountId, uploadId, { UpdateExpression: 'REMOVE pendingAvatar', values: {} });
}

async function endPendingAvatar(
  { client, name: TableName }: Table,
  accountId: string,
  uploadId: string,
  { UpdateExpression, values }: { UpdateExpression: string; values: Record<string, unknown> },
): Promise<boolean> {
  const update = new UpdateCommand({
    TableName,
    Key: keys.account(accountId),
    UpdateExpression,
    ConditionExpression: `${LIVING} AND pendingAvatar.uploadId = :uploadId`,
    ExpressionAttributeValues: { ...values, ':uploadId': uploadId },
  });
  return (await attempt(() => client.send(update))).done;
}
