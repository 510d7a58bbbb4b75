import {
  DeleteCommand,
  PutCommand,
  UpdateCommand,
  type UpdateCommandInput,
  type UpdateCommandOutput,
} from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import { followUpEntry, keys } from './keys.ts';
import { getItem, type Table } from './table.ts';

/**
 * A check of content of a user that is not decided at once. The change of `state` is the outbox entry of its event.
 * `pending`: WeChat has not decided yet. `review`: only an operator, or a late verdict of WeChat, decides.
 */
export interface ContentCheck {
  /** The id of the upload, if an upload is checked. */
  checkId: string;
  /** The account of the user. It may be merged into another account since. */
  userId: string;
  kind: 'nickname' | 'avatar' | 'upload' | 'own';
  /** The name that a team gave its own content. */
  subject?: string | undefined;
  scene: 'profile' | 'comment' | 'forum' | 'social-log';
  /** The checked content, and the openid of its author in the mini-program. Both are removed after the decision. */
  content?: { text: string } | { url: string };
  openId?: string;
  state: 'pending' | 'review' | 'passed' | 'refused';
  /** The kind of the content, as WeChat numbers it. */
  label?: string;
  /** The trace of the last request that WeChat accepted. */
  traceId?: string;
  /** The trace of a request whose picture WeChat could not fetch. */
  failedTraceId?: string;
  /** ISO 8601. */
  createdAt: string;
  decidedAt?: string;
  /** Epoch seconds; also the TTL. Absent until the decision is applied. */
  expiresAt?: number;
}

/** The meeting point of a request and its push: each adds its part. A part is absent until its writer arrives. */
export interface Trace {
  checkId?: string;
  suggest?: 'pass' | 'review' | 'risky' | 'failed';
  label?: string;
}

/** Seconds for which a trace is kept. WeChat sends a verdict within half an hour. */
const TRACE_LIFE_S = 24 * 3_600;

/** Stores a new check with its first follow-up (epoch ms). */
export async function putCheck(
  { client, name: TableName }: Table,
  check: ContentCheck,
  dueAtMs: number,
): Promise<void> {
  const followUp = followUpEntry({ kind: 'check', no: check.checkId }, dueAtMs);
  await client.send(new PutCommand({ TableName, Item: { ...keys.check(check.checkId), ...check, ...followUp } }));
}

/** Reads a check strongly, or undefined if it does not exist or has expired. */
export async function readCheck(table: Table, checkId: string, nowMs: number): Promise<ContentCheck | undefined> {
  const check = await getItem<ContentCheck>(table, keys.check(checkId), 'strong');
  return check && (check.expiresAt ?? Infinity) * 1_000 > nowMs ? check : undefined;
}

/** Stores that WeChat accepted a request, and moves the follow-up of a pending check to `dueAtMs` (epoch ms). */
export async function setCheckTrace(
  table: Table,
  checkId: string,
  { traceId, dueAtMs }: { traceId: string; dueAtMs: number },
): Promise<void> {
  const { followUpPk, followUpSk } = followUpEntry({ kind: 'check', no: checkId }, dueAtMs);
  await changeCheck(table, checkId, {
    UpdateExpression: 'SET traceId = :trace, followUpPk = :pk, followUpSk = :sk',
    ConditionExpression: '#state = :pending',
    ExpressionAttributeValues: { ':trace': traceId, ':pk': followUpPk, ':sk': followUpSk, ':pending': 'pending' },
  });
}

/**
 * Schedules a second request for a picture that WeChat could not fetch, at `dueAtMs` (epoch ms).
 * @returns whether this trace is the first failure of a pending check; true also for a repeated report of it
 */
export async function retryFailedCheck(
  table: Table,
  checkId: string,
  { traceId, dueAtMs }: { traceId: string; dueAtMs: number },
): Promise<boolean> {
  const { followUpPk, followUpSk } = followUpEntry({ kind: 'check', no: checkId }, dueAtMs);
  const changed = await changeCheck(table, checkId, {
    UpdateExpression: 'SET failedTraceId = :trace, followUpPk = :pk, followUpSk = :sk REMOVE traceId',
    ConditionExpression: '#state = :pending AND attribute_not_exists(failedTraceId)',
    ExpressionAttributeValues: { ':trace': traceId, ':pk': followUpPk, ':sk': followUpSk, ':pending': 'pending' },
  });
  return changed.done || changed.rejecting?.failedTraceId === traceId;
}

/**
 * Decides a check. `passed` and `refused` are final; a check is held only once.
 * @returns the check in its new state; otherwise the check with its earlier decision, or undefined if it does not exist
 */
export async function decideCheck(
  table: Table,
  checkId: string,
  { state, label, at }: { state: Exclude<ContentCheck['state'], 'pending'>; label?: string | undefined; at: string },
): Promise<ContentCheck | undefined> {
  const decided = await changeCheck(table, checkId, {
    UpdateExpression: `SET #state = :state, decidedAt = :at${label ? ', label = :label' : ''}`,
    ConditionExpression: '#state IN (:pending, :review) AND #state <> :state',
    ExpressionAttributeValues: {
      ':state': state,
      ':at': at,
      ':pending': 'pending',
      ':review': 'review',
      ...(label && { ':label': label }),
    },
    ReturnValues: 'ALL_NEW',
  });
  return decided.done ? (decided.written.Attributes as ContentCheck) : decided.rejecting;
}

/**
 * Completes a decided check: removes its follow-up, its openid and its content. A held part of the profile keeps its
 * content, because a later decision needs it. Does nothing if the check has been decided otherwise meanwhile.
 */
export async function completeCheck(
  table: Table,
  { checkId, state, kind }: ContentCheck,
  expiresAt: number,
): Promise<void> {
  const content = state === 'review' && kind !== 'own' ? '' : ', content';
  await changeCheck(table, checkId, {
    UpdateExpression: `SET expiresAt = :expiresAt REMOVE followUpPk, followUpSk, openId${content}`,
    ConditionExpression: '#state = :state',
    ExpressionAttributeValues: { ':state': state, ':expiresAt': expiresAt },
  });
}

/** Deletes a check. */
export async function deleteCheck({ client, name: TableName }: Table, checkId: string): Promise<void> {
  await client.send(new DeleteCommand({ TableName, Key: keys.check(checkId) }));
}

/**
 * Adds the part of the request or of the push to a trace. The writes of an item are ordered, so the later of
 * the two callers gets both parts, as do its repetitions. A trace is unique, so an expired item still counts.
 */
export async function joinTrace(
  { client, name: TableName }: Table,
  traceId: string,
  part: { checkId: string } | Required<Pick<Trace, 'suggest' | 'label'>>,
  nowMs: number,
): Promise<Trace> {
  const parts = Object.entries({ ...part, expiresAt: Math.floor(nowMs / 1_000) + TRACE_LIFE_S });
  const { Attributes } = await client.send(
    new UpdateCommand({
      TableName,
      Key: keys.trace(traceId),
      UpdateExpression: `SET ${parts.map(([name]) => `#${name} = :${name}`).join(', ')}`,
      ExpressionAttributeNames: Object.fromEntries(parts.map(([name]) => [`#${name}`, name])),
      ExpressionAttributeValues: Object.fromEntries(parts.map(([name, value]) => [`:${name}`, value])),
      ReturnValues: 'ALL_NEW',
    }),
  );
  return Attributes as Trace;
}

/** Reads a trace strongly; undefined if neither its request nor its push has arrived. */
export function readTrace(table: Table, traceId: string): Promise<Trace | undefined> {
  return getItem(table, keys.trace(traceId), 'strong');
}

function changeCheck(
  { client, name: TableName }: Table,
  checkId: string,
  change: Pick<
    UpdateCommandInput,
    'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeValues' | 'ReturnValues'
  >,
) {
  const update = new UpdateCommand({
    TableName,
    Key: keys.check(checkId),
    ExpressionAttributeNames: { '#state': 'state' },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    ...change,
  });
  return attempt<UpdateCommandOutput, ContentCheck>(() => client.send(update));
}
