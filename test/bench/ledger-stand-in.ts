// A stand-in for DynamoDB with the ledger of a generated day. It derives the answers to the three operations of
// `pay-bills` from the keys, so a day of any size needs no table.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { paidPartitions, keys } from '../../lib/store/keys.ts';
import { ledgerItem, ledgerNumbers, DAY } from '../support/bill-day.ts';

const PAGE = 5_000;

type Attributes = Record<string, { S: string } | { N: string }>;

interface Requests {
  BatchGetItem: { RequestItems: Record<string, { Keys: { pk: { S: string }; sk: { S: string } }[] }> };
  Query: { ExpressionAttributeValues: { ':partition': { S: string } }; ExclusiveStartKey?: { paidSk: { S: string } } };
}

/** Starts the stand-in for a day of `lines` lines. */
export async function startLedger(lines: number) {
  const numbers = Map.groupBy(ledgerNumbers(lines), (no) => no.charCodeAt(no.length - 1) % 8);
  const answers = {
    BatchGetItem: ({ RequestItems }: Requests['BatchGetItem']) => {
      const [[table, { Keys }]] = Object.entries(RequestItems) as [
        [string, { Keys: { pk: { S: string }; sk: { S: string } }[] }],
      ];
      return { Responses: { [table]: Keys.flatMap(itemOf) }, UnprocessedKeys: {} };
    },
    Query: ({ ExpressionAttributeValues, ExclusiveStartKey }: Requests['Query']) => {
      const partition = ExpressionAttributeValues[':partition'].S;
      const all = numbers.get(paidPartitions(DAY).indexOf(partition)) ?? [];
      const from = ExclusiveStartKey ? all.indexOf(ExclusiveStartKey.paidSk.S) + 1 : 0;
      const page = all
        .slice(from, from + PAGE)
        .map((no) => marshalled({ paidPk: partition, paidSk: no, ...keys.order(no) }));
      return { Items: page, ...(from + PAGE < all.length && { LastEvaluatedKey: page.at(-1) }) };
    },
    PutItem: () => ({}),
  };
  const server = createServer(async (request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.')[1] as keyof typeof answers;
    const answer = answers[operation](JSON.parse((await buffer(request)).toString()) as never);
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(answer));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function itemOf({ pk, sk }: { pk: { S: string }; sk: { S: string } }): Attributes[] {
  if (sk.S === 'ACCOUNT') return [{ ...marshalled({ id: pk.S.replace('ACCOUNT#', '') }), pk, sk }];
  const no = sk.S === 'REFUND' ? pk.S.replace('REFUND#', '') : sk.S.replace('ORDER#', '');
  const item = ledgerItem(no);
  return item ? [{ ...marshalled(item), pk, sk }] : [];
}

function marshalled(item: Record<string, string | number>): Attributes {
  const pairs = Object.entries(item).map(([name, value]) => [
    name,
    typeof value === 'number' ? { N: String(value) } : { S: value },
  ]);
  return Object.fromEntries(pairs) as Attributes;
}
