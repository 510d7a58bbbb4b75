import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recheckOrder } from '../../lib/pay/check-order.ts';
import { reportRefund } from '../../lib/pay/report-refund.ts';
import { refundOrder } from '../../lib/pay/refund-order.ts';
import { readOrder } from '../../lib/store/orders.ts';
import { readRefund } from '../../lib/store/refunds.ts';
import { createBuyers } from '../support/buyers.ts';
import { dueNumbers } from '../support/follow-ups.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let buyers: Awaited<ReturnType<typeof createBuyers>>;
beforeAll(async () => {
  world = await createWorld();
  buyers = await createBuyers(world);
});
afterAll(() => world.simulator.close());

const dueRefunds = () => dueNumbers(world.table, 'refund', world.base.now() + 1);

describe('reportRefund', () => {
  it('stores a refund of a known order, due at once', async () => {
    const { outTradeNo } = await buyers.paidOrder();
    await reportRefund(world.pay, { outRefundNo: 'R-by-hand', outTradeNo, amountFen: 300 });
    expect(await readRefund(world.table, 'R-by-hand')).toMatchObject({ status: 'REPORTED', source: 'CONSOLE' });
    expect(await dueRefunds()).toContain('R-by-hand');
  });

  it('makes a stored refund due and changes nothing else', async () => {
    const { outTradeNo } = await buyers.paidOrder();
    const request = { outTradeNo, outRefundNo: 'R-of-ours', amountFen: 500 };
    await refundOrder(world.pay, request);
    expect(await dueRefunds()).not.toContain('R-of-ours');
    await reportRefund(world.pay, { ...request, amountFen: 1 });
    expect(await dueRefunds()).toContain('R-of-ours');
    expect(await readRefund(world.table, 'R-of-ours')).toMatchObject({ status: 'PROCESSING', amountFen: 500 });
  });

  it('ignores a refund of an order of another system', async () => {
    await reportRefund(world.pay, { outRefundNo: 'R-foreign', outTradeNo: 'till-1', amountFen: 300 });
    expect(await readRefund(world.table, 'R-foreign')).toBeUndefined();
    expect(await dueRefunds()).not.toContain('R-foreign');
  });
});

describe('recheckOrder', () => {
  it('settles an unpaid order that WeChat has as paid', async () => {
    const { outTradeNo } = await buyers.paidOrder({ paid: false });
    expect(await readOrder(world.table, outTradeNo)).toMatchObject({ state: 'NOTPAY' });
    await recheckOrder(world.pay, outTradeNo);
    expect(await readOrder(world.table, outTradeNo)).toMatchObject({ state: 'PAID' });
  });

  it('queries nothing for an order of another system', async () => {
    await expect(recheckOrder(world.pay, 'till-1')).resolves.toBeUndefined();
  });
});
