// Translates a call to AWS into IAM actions and their resources.
import type { Access } from './policy.ts';

/** A received request with its header names in lower case. */
export interface AwsRequest {
  method: string;
  /** Path and query, undecoded. */
  target: string;
  headers: Record<string, string>;
  body: Buffer;
}

/** Region and account of the caller, which are parts of an ARN. */
export interface Place {
  region: string;
  account: string;
}

type Attributes = Record<string, { S?: string }>;
interface Operation {
  TableName: string;
  IndexName?: string;
  Key?: Attributes;
  Item?: Attributes;
  KeyConditionExpression?: string;
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Attributes;
}
type Batch = Record<string, { Keys?: Attributes[] } | { PutRequest?: Operation; DeleteRequest?: Operation }[]>;

/** The condition key for the partition keys in a call, in lower case. */
export const LEADING_KEYS = 'dynamodb:leadingkeys';

/** The partition key attributes of the table and its indexes (infra/table.yml), for `dynamodb:LeadingKeys`. */
const PARTITION_KEYS: Record<string, string> = { '': 'pk', 'follow-ups': 'followUpPk', 'paid-on-day': 'paidPk' };

/** A transaction has no IAM action. Each of its items needs the action of the equivalent single call. */
const TRANSACTED = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  Get: 'GetItem',
  ConditionCheck: 'ConditionCheckItem',
};

/**
 * Lists the accesses of a request.
 * @throws for a call that is not translated yet; add its actions here
 */
export function accessesOf(request: AwsRequest, place: Place): Access[] {
  const target = request.headers['x-amz-target'];
  if (target === undefined) return s3Accesses(request);
  const [service = '', operation = ''] = target.split('.');
  const json: unknown = JSON.parse(request.body.toString() || '{}');
  if (service.startsWith('DynamoDB_')) return dynamoDbAccesses(operation, json, place);
  if (service === 'AmazonSSM') return ssmAccesses(operation, json as Parameters<typeof ssmAccesses>[1], place);
  if (target === 'AWSEvents.PutEvents') return putEventsAccesses(json as { Entries: Entry[] }, place);
  throw new Error(`The rehearsal has no IAM action for ${target}. Add it to accesses.ts.`);
}

function dynamoDbAccesses(operation: string, json: unknown, place: Place): Access[] {
  if (/^Transact(Write|Get)Items$/.test(operation)) {
    const { TransactItems } = json as { TransactItems: Partial<Record<keyof typeof TRANSACTED, Operation>>[] };
    const items = TransactItems.flatMap(Object.entries) as [keyof typeof TRANSACTED, Operation][];
    return mergeKeys(items.map(([kind, item]) => tableAccess(TRANSACTED[kind], item, place)));
  }
  if (/^Batch(Write|Get)Item$/.test(operation)) {
    const { RequestItems } = json as { RequestItems: Batch };
    const items = Object.entries(RequestItems).flatMap(([TableName, batch]) =>
      keysOfBatch(batch).map((item) => ({ ...item, TableName })),
    );
    return mergeKeys(items.map((item) => tableAccess(operation, item, place)));
  }
  return [tableAccess(operation, json as Operation, place)];
}

/**
 * Merges accesses with the same action into one access with all keys. AWS does not document whether it evaluates the items
 * one by one. The rehearsal therefore requires the stricter case: one statement must allow all of them.
 */
function mergeKeys(accesses: Access[]): Access[] {
  const groups = Map.groupBy(accesses, ({ action, resource }) => `${action} ${resource}`);
  return [...groups.values()].map((group) => {
    const keys = group.flatMap(({ context }) => context?.[LEADING_KEYS] ?? []);
    return { ...(group[0] as Access), context: { [LEADING_KEYS]: keys } };
  });
}

function keysOfBatch(items: Batch[string]): Pick<Operation, 'Key' | 'Item'>[] {
  if (!Array.isArray(items)) return (items.Keys ?? []).map((Key) => ({ Key }));
  return items.map(({ PutRequest, DeleteRequest }) => PutRequest ?? DeleteRequest ?? {});
}

function tableAccess(operation: string, input: Operation, { region, account }: Place): Access {
  const index = input.IndexName ? `/index/${input.IndexName}` : '';
  const leadingKey = leadingKeyOf(input);
  return {
    action: `dynamodb:${operation}`,
    resource: `arn:aws:dynamodb:${region}:${account}:table/${input.TableName}${index}`,
    ...(leadingKey !== undefined && { context: { [LEADING_KEYS]: [leadingKey] } }),
  };
}

/** Returns the partition key of a call, or undefined for a call without one, such as a scan. */
function leadingKeyOf(input: Operation): string | undefined {
  const name = PARTITION_KEYS[input.IndexName ?? ''];
  if (name === undefined)
    throw new Error(`PARTITION_KEYS has no entry for the index ${input.IndexName}. Add its partition key.`);
  const attributes = input.Key ?? input.Item;
  if (attributes) return attributes[name]?.S;
  const equalities = (input.KeyConditionExpression ?? '').matchAll(/(#?\w+)\s*=\s*(:\w+)/g);
  for (const [, left = '', right = ''] of equalities) {
    if ((input.ExpressionAttributeNames?.[left] ?? left) === name) return input.ExpressionAttributeValues?.[right]?.S;
  }
  return undefined;
}

function ssmAccesses(
  operation: string,
  { Name, Names = Name === undefined ? [] : [Name], Path }: { Name?: string; Names?: string[]; Path?: string },
  { region, account }: Place,
): Access[] {
  const names = Path === undefined ? Names : [Path];
  return names.map((name) => ({
    action: `ssm:${operation}`,
    resource: `arn:aws:ssm:${region}:${account}:parameter/${name.replace(/^\//, '')}`,
  }));
}

interface Entry {
  EventBusName?: string;
}

function putEventsAccesses({ Entries }: { Entries: Entry[] }, { region, account }: Place): Access[] {
  const buses = new Set(Entries.map(({ EventBusName = 'default' }) => EventBusName));
  return [...buses].map((bus) => ({
    action: 'events:PutEvents',
    resource: bus.startsWith('arn:') ? bus : `arn:aws:events:${region}:${account}:event-bus/${bus}`,
  }));
}

/** Expects a path-style address: `/<bucket>/<key>`. */
function s3Accesses({ method, target, headers }: AwsRequest): Access[] {
  const [path = '', query = ''] = target.split('?');
  const call = query.startsWith('tagging') ? `${method} ?tagging` : method;
  const actions: Record<string, string[]> = {
    PUT: ['s3:PutObject', ...(headers['x-amz-tagging'] === undefined ? [] : ['s3:PutObjectTagging'])],
    GET: ['s3:GetObject'],
    DELETE: ['s3:DeleteObject'],
    'DELETE ?tagging': ['s3:DeleteObjectTagging'],
  };
  if (!actions[call] || !/^\/[^/]+\/./.test(path))
    throw new Error(`The rehearsal has no IAM action for ${call} ${path}. Add it to accesses.ts.`);
  return actions[call].map((action) => ({ action, resource: `arn:aws:s3:::${decodeURIComponent(path.slice(1))}` }));
}
