import { DeleteCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import { keys } from './keys.ts';
import type { Table } from './table.ts';

/**
 * A code of the phone button, from the request that first sent it. Pending until WeChat returned the number; settled
 * once the number is bound.
 */
export interface PhoneCode {
  codeHash: string;
  /** The account that sent the code. */
  accountId: string;
  /** Identifies the request that may ask WeChat. */
  claimant: string;
  claimedAtMs: number;
  /** E.164; present between the answer of WeChat and the binding. */
  phone?: string;
  /** Whether the number was bound. */
  settled?: boolean;
  /** Epoch seconds; also the TTL. */
  expiresAt: number;
}

type Claim = Pick<PhoneCode, 'codeHash' | 'claimant'>;

/**
 * Claims a code for a request of an account. A pending claim of the same account that is older than `abandonedMs` is
 * replaced.
 * @returns undefined for the claimant, else the stored code
 */
export async function claimPhoneCode(
  { client, name: TableName }: Table,
  claim: Omit<PhoneCode, 'phone' | 'settled'>,
  abandonedMs: number,
): Promise<PhoneCode | undefined> {
  const put = new PutCommand({
    TableName,
    Item: { ...keys.phoneCode(claim.codeHash), ...claim },
    ConditionExpression:
      'attribute_not_exists(pk) OR expiresAt <= :now OR (accountId = :account AND claimedAtMs <= :abandoned ' +
      'AND attribute_not_exists(phone) AND attribute_not_exists(settled))',
    ExpressionAttributeValues: {
      ':now': claim.claimedAtMs / 1_000,
      ':account': claim.accountId,
      ':abandoned': claim.claimedAtMs - abandonedMs,
    },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  const claimed = await attempt<unknown, PhoneCode>(() => client.send(put));
  if (claimed.done) return undefined;
  // After a lost response, the SDK's retry finds the claim of its own first attempt.
  return claimed.rejecting!.claimant === claim.claimant ? undefined : claimed.rejecting;
}

/** Stores the number that WeChat returned to the claimant. */
export async function putPhoneOfCode(table: Table, { codeHash, claimant }: Claim, phone: string): Promise<void> {
  await attempt(() =>
    table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: keys.phoneCode(codeHash),
        UpdateExpression: 'SET phone = :phone',
        ConditionExpression: 'claimant = :claimant',
        ExpressionAttributeValues: { ':phone': phone, ':claimant': claimant },
      }),
    ),
  );
}

/** Releases the claim of a request that got no number. */
export async function releasePhoneCode(table: Table, { codeHash, claimant }: Claim): Promise<void> {
  await attempt(() =>
    table.client.send(
      new DeleteCommand({
        TableName: table.name,
        Key: keys.phoneCode(codeHash),
        ConditionExpression: 'claimant = :claimant',
        ExpressionAttributeValues: { ':claimant': claimant },
      }),
    ),
  );
}

/** Records that the number of a code is bound, and removes the number. */
export async function settlePhoneCode({ client, name: TableName }: Table, codeHash: string): Promise<void> {
  await attempt(() =>
    client.send(
      new UpdateCommand({
        TableName,
        Key: keys.phoneCode(codeHash),
        UpdateExpression: 'SET settled = :yes REMOVE phone',
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeValues: { ':yes': true },
      }),
    ),
  );
}
