import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endAbnormalRefund } from '../../lib/pay/end-abnormal-refund.ts';
import { refundOrder } from '../../lib/pay/refund-order.ts';
import { readOrder } from '../../lib/store/orders.ts';
import { readRefund } from '../../lib/store/refunds.ts';
import { loadAbnormalRefund } from '../../lib/wiring/pay.ts';
import { createBuyers } from '../support/buyers.ts';
import { createWebhookWorld } from '../support/webhooks.ts';
import { REFUND_SETTLES_MS } from '../support/world.ts';

const CARD = { type: 'USER_BANK_CARD', bankType: 'ICBC_DEBIT', bankAccount: '6222021234567890123', realName: '王小明' };

let world: Awaited<ReturnType<typeof createWebhookWorld>>;
let buyers: Awaited<ReturnType<typeof createBuyers>>;
let deps: Awaited<ReturnType<typeof loadAbnormalRefund>>;
beforeAll(async () => {
  world = await createWebhookWorld('pay-notify');
  buyers = await createBuyers(world);
  deps = {
    ...world.pay,
    applyAbnormalRefund: (await loadAbnormalRefund({ ...world.outside, now: Date.now })).applyAbnormalRefund,
  };
});
afterAll(() => world.close());

let numbers = 0;
const settled = () => world.simulator.advanceClock(REFUND_SETTLES_MS);
async function abnormal() {
  const { outTradeNo } = await buyers.paidOrder();
  const outRefundNo = `A${Date.now()}x${(numbers += 1)}`;
  await world.faults('refund', 'refund-abnormal');
  await refundOrder(world.pay, { outTradeNo, outRefundNo, amountFen: 1800 });
  await settled();
  expect(await readRefund(world.table, outRefundNo)).toMatchObject({ status: 'ABNORMAL' });
  return { outTradeNo, outRefundNo };
}

describe('pay-refund-abnormal', () => {
  it.each([{ type: 'MERCHANT_BANK_CARD' }, CARD])('ends an abnormal refund by $type', async (target) => {
    const { outTradeNo, outRefundNo } = await abnormal();
    const { refund } = await endAbnormalRefund(deps, { outRefundNo, ...target });
    expect(refund).toMatchObject({ outRefundNo, status: 'PROCESSING' });
    expect(await readOrder(world.table, outTradeNo)).toMatchObject({ state: 'REFUNDING', refundingFen: 1800 });
    await settled();
    expect(await readRefund(world.table, outRefundNo)).toMatchObject({ status: 'SUCCESS' });
    expect(await readOrder(world.table, outTradeNo)).toMatchObject({ state: 'REFUNDED', refundedFen: 1800 });
  });

  it('keeps the number and the name of a card out of the log, the table and the request', async () => {
    const { outRefundNo } = await abnormal();
    await endAbnormalRefund(deps, { outRefundNo, ...CARD });
    const calls = await (await fetch(`${world.simulator.url}/_log`)).text();
    const everything = JSON.stringify([await world.everything(), world.lines]) + calls;
    for (const secret of [CARD.bankAccount, CARD.realName]) expect(everything).not.toContain(secret);
  });

  it('rejects a refund with another status', async () => {
    const { outTradeNo } = await buyers.paidOrder();
    const outRefundNo = `A${Date.now()}y`;
    await refundOrder(world.pay, { outTradeNo, outRefundNo, amountFen: 1 });
    const call = endAbnormalRefund(deps, { outRefundNo, type: 'MERCHANT_BANK_CARD' });
    await expect(call).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT', detail: { status: expect.any(String) } });
  });

  it('reports an unknown number', async () => {
    const call = endAbnormalRefund(deps, { outRefundNo: 'none', type: 'MERCHANT_BANK_CARD' });
    await expect(call).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it.each([
    {},
    { outRefundNo: 'R', type: 'CASH' },
    { outRefundNo: 'R', type: 'USER_BANK_CARD' },
    { outRefundNo: 'R', ...CARD, bankAccount: '6222 0212' },
    { outRefundNo: 'R', ...CARD, realName: '' },
  ])('rejects the input %j without repeating its values', async (input) => {
    const error = await endAbnormalRefund(deps, input).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'PARAM_ERROR' });
    expect(String(error)).not.toMatch(/6222|王小明/);
  });
});
