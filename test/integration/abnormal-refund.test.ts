import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Send } from '../../lib/core/outbound.ts';
import { messageForOperator } from '../../lib/core/wechat-words.ts';
import { endAbnormalRefund } from '../../lib/pay/end-abnormal-refund.ts';
import { refundOrder } from '../../lib/pay/refund-order.ts';
import { sweep } from '../../lib/pay/sweep.ts';
import { certificateStore } from '../../lib/store/certificates.ts';
import { readOrder } from '../../lib/store/orders.ts';
import { readRefund } from '../../lib/store/refunds.ts';
import { loadAbnormalRefund } from '../../lib/wiring/pay.ts';
import { createBuyers } from '../support/buyers.ts';
import { createWebhookWorld } from '../support/webhooks.ts';
import { REFUND_SETTLES_MS, ids } from '../support/world.ts';

const CARD = { type: 'USER_BANK_CARD', bankType: 'ICBC_DEBIT', bankAccount: '6222021234567890123', realName: '王小明' };

let world: Awaited<ReturnType<typeof createWebhookWorld>>;
let buyers: Awaited<ReturnType<typeof createBuyers>>;
let deps: Awaited<ReturnType<typeof loadAbnormalRefund>>;
beforeAll(async () => {
  world = await createWebhookWorld('pay-notify');
  buyers = await createBuyers(world);
  deps = await load();
});
afterAll(() => world.close());
afterEach(() => {
  vi.unstubAllEnvs();
  world.clock.offsetMs = 0;
});

const APPLY = '/apply-abnormal-refund';

/** Loads the function like a cold instance. Calls are signed with the real time. */
async function load(send?: Send) {
  const { applyAbnormalRefund } = await loadAbnormalRefund({
    ...world.outside,
    now: Date.now,
    ...(send && { send }),
  });
  return { ...world.pay, applyAbnormalRefund };
}

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

  it('hides a card in the words of WeChat, which the log and the error contain', async () => {
    const { outRefundNo } = await abnormal();
    const { bankAccount, realName } = CARD;
    const body = {
      code: 'PARAM_ERROR',
      message: `银行卡号${bankAccount}不符`,
      detail: { value: realName, issue: '户名不符' },
    };
    const declining = await load(async (request) =>
      request.url.pathname.endsWith(APPLY)
        ? { status: 400, headers: {}, body: Buffer.from(JSON.stringify(body)) }
        : world.outside.send(request),
    );
    const error = await endAbnormalRefund(declining, { outRefundNo, ...CARD }).catch((reason: unknown) => reason);
    expect(messageForOperator(error as Error)).toMatch(/银行卡号…不符.*户名不符/);
    const shown = [inspect(error, { depth: 9 }), ...world.lines].join('\n');
    for (const secret of [bankAccount, realName]) expect(shown).not.toContain(secret);
  });

  it('encrypts a card with the newest platform certificate for a merchant without the public key', async () => {
    for (const _ of ['old', 'new']) await world.faults('notify', 'rotate-key');
    const certificates = certificateStore(world.table, ids.pay.mchId);
    // The interval between two fetches is over.
    await certificates.put({ list: [], nowMs: Date.now() - 11_000 });
    vi.stubEnv('PAY_PUBLIC_KEY_ID', '');
    vi.stubEnv('PAY_PUBLIC_KEY', '');
    const named: unknown[] = [];
    const withCertificates = await load((request) => {
      if (request.url.pathname.endsWith(APPLY)) named.push(request.headers!['wechatpay-serial']);
      return world.outside.send(request);
    });
    const { outRefundNo } = await abnormal();
    const { refund } = await endAbnormalRefund(withCertificates, { outRefundNo, ...CARD });
    expect(refund.status).toBe('PROCESSING');
    const { list } = (await certificates.read())!;
    expect(list.length).toBeGreaterThan(1);
    const latest = Math.max(...list.map(({ expiresAtMs }) => expiresAtMs));
    expect(list.find(({ serial }) => serial === named[0])?.expiresAtMs).toBe(latest);
  });

  it('returns the refund when only the response of WeChat was lost', async () => {
    const { outRefundNo } = await abnormal();
    const losing = await load(async (request) => {
      const answer = await world.outside.send(request);
      return request.url.pathname.endsWith(APPLY) ? { ...answer, body: Buffer.from('') } : answer;
    });
    const { refund } = await endAbnormalRefund(losing, { outRefundNo, ...CARD });
    expect(refund.status).toBe('PROCESSING');
  });

  it('queries the refund a minute after an outage, and lets the operator repeat the request', async () => {
    const { outTradeNo, outRefundNo } = await abnormal();
    await world.faults(APPLY, '5xx', 2);
    const call = endAbnormalRefund(deps, { outRefundNo, ...CARD });
    await expect(call).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    expect(await readRefund(world.table, outRefundNo)).toMatchObject({ status: 'ABNORMAL' });
    expect(await readOrder(world.table, outTradeNo)).toMatchObject({ state: 'REFUNDING', refundingFen: 1800 });
    const visits = () => world.calls(`/v3/refund/domestic/refunds/${outRefundNo}`);
    const before = await visits();
    world.clock.offsetMs = 2 * 60_000;
    await sweep(world.pay);
    expect((await visits()) - before).toBe(1);
    expect((await endAbnormalRefund(deps, { outRefundNo, ...CARD })).refund.status).toBe('PROCESSING');
  });

  it('leaves the refund PROCESSING after two concurrent requests, without an alarm', async () => {
    const { outRefundNo } = await abnormal();
    const outcomes = await Promise.allSettled([1, 2].map(() => endAbnormalRefund(deps, { outRefundNo, ...CARD })));
    expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true);
    expect(await readRefund(world.table, outRefundNo)).toMatchObject({ status: 'PROCESSING' });
    expect(world.lines.join('\n')).not.toContain('payment.mismatched');
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
    // Characters of four bytes occur in names. The key encrypts 214 bytes.
    { outRefundNo: 'R', ...CARD, realName: '𠮷'.repeat(54) },
    // The operator wanted to pay the card.
    { outRefundNo: 'R', ...CARD, type: 'MERCHANT_BANK_CARD' },
  ])('rejects the input %j without repeating its values', async (input) => {
    const error = await endAbnormalRefund(deps, input).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'PARAM_ERROR' });
    expect(String(error)).not.toMatch(/6222|王小明|𠮷/u);
  });
});
