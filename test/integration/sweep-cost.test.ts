// The cost of an order that is never paid: calls to WeChat, write units and visits, from its creation to its close.
import { expect, it } from 'vitest';
import { sweep } from '../../lib/pay/sweep.ts';
import { readOrder } from '../../lib/store/orders.ts';
import { startMeter } from '../bench/dynamodb-meter.ts';
import { buy, createBuyers } from '../support/buyers.ts';
import { findFreePorts } from '../support/ports.ts';
import { engineEndpoint, removeDeadline } from '../support/table.ts';
import { createWorld } from '../support/world.ts';

const MINUTE_MS = 60_000;

it('an order that is never paid costs 5 calls to WeChat, 17 write units and 4 visits', async () => {
  const [port] = (await findFreePorts(1)) as [number];
  const meter = await startMeter({ port, endpoint: engineEndpoint() });
  const world = await createWorld({ via: () => `http://127.0.0.1:${port}` });
  // A retry of a slow write would count twice.
  removeDeadline(world.table);
  const { token } = await (await createBuyers(world)).loggedIn();
  // The first run stores the platform certificates.
  await sweep(world.pay);
  const before = meter.read();
  const { order } = await buy(world.pay, { token });
  let visits = 0;
  for (const minute of [0, 1, 2, 4, 5, 6, 24, 25, 26, 60, 119, 120, 121, 150, 180]) {
    const now = () => Date.parse(order.createdAt) + minute * MINUTE_MS + 1_000;
    visits += (await sweep({ ...world.pay, now })).visited;
  }
  expect(await readOrder(world.table, order.outTradeNo)).toMatchObject({ state: 'CLOSED' });
  const path = `/v3/pay/transactions/out-trade-no/${order.outTradeNo}`;
  const calls = ['/v3/pay/transactions/jsapi', path, `${path}/close`].map((each) => world.calls(each));
  expect(await Promise.all(calls)).toEqual([1, 3, 1]);
  expect(visits).toBe(4);
  expect(meter.read().wru - before.wru).toBe(17);
  await world.simulator.close();
  meter.stop();
});
