// What a call to AWS does, in IAM's terms: the actions that it needs, each with the resource that it needs it on.
import type { Access } from './policy.ts';

/** A request as it came over the wire; header names in lower case. */
export interface AwsRequest {
  method: string;
  /** Path and query, undecoded. */
  target: string;
  headers: Record<string, string>;
  body: Buffer;
}

/** Where the caller is: a part of every ARN. */
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

/** The condition key for what partition keys a call names, in lower case. */
export const LEADING_KEYS = 'dynamodb:leadingkeys';

/** The partition key of the table and of its index (infra/table.yml), for `dynamodb:LeadingKeys`. */
const PARTITION_KEYS: Record<string, string> = { '': 'pk', 'follow-ups': 'followUpPk', 'paid-on-day': 'paidPk' };

/** Transactions are no actions of their own: each item counts as the call that it stands for. */
const TRANSACTED = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  Get: 'GetItem',
  ConditionCheck: 'ConditionCheckItem',
};

/**
 * What this request does.
 * @throws for a call that the functions have never made: say here what it needs
 */
export function accessesOf(request: AwsRequest, place: Place): Access[] {
  const target = request.headers['x-amz-target'];
  if (target === undefined) return [s3Access(request)];
  const [service = '', operation = ''] = target.split('.');
  const json: unknown = JSON.parse(request.body.toString() || '{}');
  if (service.startsWith('DynamoDB_')) return dynamoDbAccesses(operation, json, place);
  if (service === 'AmazonSSM') return ssmAccesses(operation, json as Parameters<typeof ssmAccesses>[1], place);
  if (target === 'AWSEvents.PutEvents') return putEventsAccesses(json as { Entries: Entry[] }, place);
  throw new Error(`${target} is not known to the rehearsal`);
}

function dynamoDbAccesses(operation: string, json: unknown, place: Place): Access[] {
  if (/^Transact(Write|Get)Items$/.test(operation)) {
    const { TransactItems } = json as { TransactItems: Partial<Record<keyof typeof TRANSACTED, Operation>>[] };
    const items = TransactItems.flatMap(Object.entries) as [keyof typeof TRANSACTED, Operation][];
    return together(items.map(([kind, one]) => tableAccess(TRANSACTED[kind], one, place)));
  }
  if (/^Batch(Write|Get)Item$/.test(operation)) {
    const { RequestItems } = json as { RequestItems: Batch };
    const items = Object.entries(RequestItems).flatMap(([TableName, batch]) =>
      keysOfBatch(batch).map((one) => ({ ...one, TableName })),
    );
    return together(items.map((one) => tableAccess(operation, one, place)));
  }
  return [tableAccess(operation, json as Operation, place)];
}

/**
 * The items that need the same action, as one access with all of their keys. AWS does not say whether it judges them one
 * by one, so a role has to bear the stricter reading: that one statement allows all of them.
 */
function together(accesses: Access[]): Access[] {
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

function tableAccess(operation: string, one: Operation, { region, account }: Place): Access {
  const index = one.IndexName ? `/index/${one.IndexName}` : '';
  const leadingKey = leadingKeyOf(one);
  return {
    action: `dynamodb:${operation}`,
    resource: `arn:aws:dynamodb:${region}:${account}:table/${one.TableName}${index}`,
    ...(leadingKey !== undefined && { context: { [LEADING_KEYS]: [leadingKey] } }),
  };
}

/** The value of the partition key that the call names; nothing for one that names none, such as a scan. */
function leadingKeyOf(one: Operation): string | undefined {
  const name = PARTITION_KEYS[one.IndexName ?? ''];
  if (name === undefined) throw new Error(`The partition key of the index ${one.IndexName} is not known here`);
  const given = one.Key ?? one.Item;
  if (given) return given[name]?.S;
  const equalities = (one.KeyConditionExpression ?? '').matchAll(/(#?\w+)\s*=\s*(:\w+)/g);
  for (const [, left = '', right = ''] of equalities) {
    if ((one.ExpressionAttributeNames?.[left] ?? left) === name) return one.ExpressionAttributeValues?.[right]?.S;
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

/** Path style: `/<bucket>/<key>`. */
function s3Access({ method, target }: AwsRequest): Access {
  const [path = ''] = target.split('?', 1);
  const actions: Record<string, string> = { PUT: 's3:PutObject', GET: 's3:GetObject', DELETE: 's3:DeleteObject' };
  const action = actions[method];
  if (!action || !/^\/[^/]+\/./.test(path)) throw new Error(`${method} ${path} is not known to the rehearsal`);
  return { action, resource: `arn:aws:s3:::${decodeURIComponent(path.slice(1))}` };
}
