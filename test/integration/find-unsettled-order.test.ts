import { expect, it } from 'vitest';
import { keys } from '../../lib/store/keys.ts';
import { findUnsettledOrder } from '../../lib/store/order-lists.ts';
import { markClosed, putOrder, readOrder } from '../../lib/store/orders.ts';
import { createBuyers } from '../support/buyers.ts';
import { interceptCommands } from '../support/crashes.ts';
import { createWorld } from '../support/world.ts';

it('findUnsettledOrder returns the newest unsettled order, and reads no page after it', async () => {
  const world = await createWorld();
  const buyers = await createBuyers(world);
  const { user, order } = await buyers.newOrder();
  const sample = (await readOrder(world.table, order.outTradeNo))!;
  await markClosed(world.table, { outTradeNo: order.outTradeNo, from: ['NOTPAY'] });
  const store = (n: number, state: 'NOTPAY' | 'REFUNDING' | 'PAID') => {
    const outTradeNo = `${user.id}zzzzzzzzzzzzz${String(n).padStart(3, '0')}`;
    return putOrder(world.table, { ...sample, ...keys.order(outTradeNo), outTradeNo, state }, 0);
  };
  for (let n = 0; n < 110; n += 1) await store(n, 'PAID');
  expect(await findUnsettledOrder(world.table, user.id)).toBeUndefined();
  await store(200, 'NOTPAY');
  await store(201, 'REFUNDING');
  let pages = 0;
  const end = interceptCommands(world.table, ({ name }, send) => {
    pages += Number(name === 'Query');
    return send();
  });
  expect((await findUnsettledOrder(world.table, user.id))?.state).toBe('REFUNDING');
  end();
  expect(pages).toBe(1);
  await world.simulator.close();
});
