import type { LambdaFunctionURLEvent } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { putCatalog } from '../../lib/pay/catalog.ts';
import { readOrder } from '../../lib/store/orders.ts';
import { notification } from '../support/pay-notification.ts';
import { buy } from '../support/buyers.ts';
import { createWebhookWorld } from '../support/webhooks.ts';
import { ids } from '../support/world.ts';

let world: Awaited<ReturnType<typeof createWebhookWorld>>;
beforeAll(async () => {
  world = await createWebhookWorld('pay-notify');
  await putCatalog(world.base, { items: [{ sku: 'coffee', description: 'Coffee', kind: 'goods', unitFen: 1800 }] });
});
afterAll(() => world.close());

describe('pay-notify', () => {
  const paidOrder = async () => {
    const person = await world.phone.newPerson();
    const { token } = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    const { order, payment } = await buy(world.pay, { token });
    const pay = async () =>
      (await world.phone.act(person, 'pay', { prepayId: payment.package })) as {
        transactionId: string;
        notify: { status: number; body: string };
      };
    const state = async () => (await readOrder(world.table, order.outTradeNo))?.state;
    return { order, pay, state };
  };

  it('books a payment and answers 204 without a body', async () => {
    const { pay, state } = await paidOrder();
    expect((await pay()).notify).toMatchObject({ status: 204, body: '' });
    expect(await state()).toBe('PAID');
  });

  it('books the amount of the order when a coupon pays a part', async () => {
    const { order, pay } = await paidOrder();
    await world.faults('pay', 'coupon');
    expect((await pay()).notify).toMatchObject({ status: 204, body: '' });
    expect(await readOrder(world.table, order.outTradeNo)).toMatchObject({ state: 'PAID', amountFen: 1800 });
  });

  it('answers fifty concurrent copies alike and books the payment once', async () => {
    const { order, pay, state } = await paidOrder();
    await world.faults('notify', 'drop-notify');
    const { transactionId } = await pay();
    expect(await state()).toBe('NOTPAY');
    const copy = { out_trade_no: order.outTradeNo, transaction_id: transactionId };
    const events = Array.from({ length: 50 }, () => notification(copy));
    const answers = await Promise.all(events.map((event) => world.send(event)));
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([204]));
    expect(await state()).toBe('PAID');
    expect(
      world.output.filter((line) => line.includes('"order.paid"') && line.includes(order.outTradeNo)),
    ).toHaveLength(1);
    await world.simulator.advanceClock(15_000);
  });

  it('accepts a body in base64 and header names in any case', async () => {
    const { order, state } = await paidOrder();
    const event = notification({ out_trade_no: order.outTradeNo });
    event.body = Buffer.from(event.body!).toString('base64');
    event.isBase64Encoded = true;
    event.headers = Object.fromEntries(
      Object.entries(event.headers).map(([name, value]) => [name.toUpperCase(), value]),
    );
    expect((await world.send(event)).statusCode).toBe(204);
    expect(await state()).toBe('PAID');
  });

  it.each(['tamper-notify', 'probe-notify'])(
    'books the genuine notification after the forged notification of %s',
    async (fault) => {
      const { pay, state } = await paidOrder();
      const seen = world.address.events.length;
      await world.faults('notify', fault);
      await pay();
      await world.simulator.advanceClock(15_000);
      expect(await state()).toBe('PAID');
      expect(world.address.events.length - seen).toBe(2);
    },
  );

  const header = (name: string, value: string) => (event: LambdaFunctionURLEvent) => void (event.headers[name] = value);

  it.each([
    ['unsigned', (event: LambdaFunctionURLEvent) => void delete event.headers['wechatpay-signature']],
    ['signed with another key', header('wechatpay-signature', Buffer.alloc(256, 7).toString('base64'))],
    ['a signature probe', header('wechatpay-signature', `WECHATPAY/SIGNTEST/${'A'.repeat(300)}`)],
    [
      'signed twice in one header',
      (event: LambdaFunctionURLEvent) => {
        const signature = event.headers['wechatpay-signature']!;
        event.headers['wechatpay-signature'] = `${signature},${signature}`;
      },
    ],
    ['signed by another scheme', header('wechatpay-signature-type', 'WECHATPAY2-SM2-WITH-SM3')],
    ['stamped with a time that is not a number', header('wechatpay-timestamp', `+${Math.floor(Date.now() / 1_000)}`)],
    ['under an unknown serial', header('wechatpay-serial', 'PUB_KEY_ID_UNKNOWN')],
    ['from 2017', header('wechatpay-timestamp', '1500000000')],
    ['from the future', header('wechatpay-timestamp', String(Math.floor(Date.now() / 1_000) + 310))],
    [
      'tampered in the body',
      (event: LambdaFunctionURLEvent) => void (event.body = event.body!.replace('"summary":"', '"summary":"x')),
    ],
    ['empty', (event: LambdaFunctionURLEvent) => void delete event.body],
    ['not JSON', (event: LambdaFunctionURLEvent) => void (event.body = '<xml/>')],
    ['larger than 64 KiB', (event: LambdaFunctionURLEvent) => void (event.body = 'x'.repeat(70_000))],
  ])('rejects a notification that is %s, and stores nothing', async (_, change) => {
    const { order, state } = await paidOrder();
    const event = notification({ out_trade_no: order.outTradeNo });
    change(event);
    const { body } = await world.expectRefused(event);
    expect(JSON.parse(body!)).toMatchObject({ code: 'FAIL' });
    expect(await state()).toBe('NOTPAY');
  });

  it.each<[string, Parameters<typeof notification>[1]]>([
    ['has another APIv3 key', { apiV3Key: 'x'.repeat(32) }],
    [
      'has a flipped bit in the amount',
      { damage: (sealed, plain) => void (sealed[plain.indexOf('"total":1') + 8]! ^= 8) },
    ],
  ])('asks WeChat to repeat a signed notification whose ciphertext %s, and counts it', async (_, craft) => {
    const { order, state } = await paidOrder();
    const answer = await world.expectUnreadable(notification({ out_trade_no: order.outTradeNo }, craft));
    expect(answer.statusCode).toBe(503);
    expect(world.output.at(-1)).toContain('PAY_API_V3_KEY does not open');
    expect(await state()).toBe('NOTPAY');
  });

  it.each(['out_trade_no', 'transaction_id', 'trade_state', 'success_time', 'amount'])(
    'asks WeChat to repeat a payment of our merchant and app without %s, and counts it',
    async (field) => {
      const { order, state } = await paidOrder();
      await world.expectUnreadable(notification({ out_trade_no: order.outTradeNo, [field]: undefined }));
      expect(await state()).toBe('NOTPAY');
    },
  );

  it('asks WeChat to repeat a refund of our merchant without a refund number, and counts it', async () => {
    const refund = { transaction_id: '42', out_trade_no: 'x', refund_id: '50', refund_status: 'SUCCESS' };
    await world.expectUnreadable(
      notification({ ...refund, amount: { total: 1, refund: 1 } }, { eventType: 'REFUND.SUCCESS' }),
    );
  });

  it.each([
    ['another merchant', { mchid: '1900000002' }],
    ['another app', { appid: ids.official.appId }],
    ['another amount', { amount: { total: 1, currency: 'CNY' } }],
    ['another currency', { amount: { total: 1800, currency: 'USD' } }],
    ['an unknown order', { out_trade_no: 'x'.repeat(32) }],
    ['an order number of another system', { out_trade_no: 'T20250801120000000001' }],
  ])(
    'rejects an authentic payment for %s, leaves the order unchanged and records the mismatch once',
    async (_, change) => {
      const { order, state } = await paidOrder();
      const event = notification({
        out_trade_no: order.outTradeNo,
        transaction_id: `42-${order.outTradeNo.slice(-8)}`,
        ...change,
      });
      const before = (await world.everything()).length;
      for (let times = 0; times < 3; times += 1) expect((await world.send(event)).statusCode).toBe(409);
      expect((await world.everything()).length - before).toBe(1);
      expect(await state()).toBe('NOTPAY');
    },
  );

  /** Sends a notification three times and expects one notice and no other change. */
  const expectNotice = async (send: () => ReturnType<typeof notification>) => {
    const [before, known] = [await world.everything(), await world.notices()];
    for (let times = 0; times < 3; times += 1) expect((await world.send(send())).statusCode).toBe(204);
    expect((await world.everything()).length - before.length).toBe(1);
    const [notice, ...more] = (await world.notices()).filter(({ id }) => known.every((other) => other.id !== id));
    expect(more).toEqual([]);
    return notice!;
  };

  it.each([
    ['partner-form', 'sub_mchid'],
    ['combined-form', 'sub_orders'],
    ['profit-sharing', 'receiver'],
    ['papay', 'contract_state'],
  ])('stores a notification of %s once, acknowledges it, and books the payment of the order', async (form, field) => {
    const { pay, state } = await paidOrder();
    const seen = world.address.events.length;
    await world.faults('notify', form);
    await pay();
    expect(await state()).toBe('PAID');
    expect(world.address.events.length - seen).toBe(2);
    const notices = (await world.notices()).filter(({ content }) => content.includes(`"${field}"`));
    expect(notices).toMatchObject([{ eventType: 'TRANSACTION.SUCCESS', reason: 'form' }]);
    const before = await world.everything();
    expect((await world.send(world.address.events[seen]!)).statusCode).toBe(204);
    expect(await world.everything()).toEqual(before);
  });

  it.each([
    ['partner', { sp_mchid: '1900009999', sub_mchid: ids.pay.mchId }],
    ['papay', { contract_id: '2020' }],
  ])('leaves an order unchanged when a notification of %s has its number', async (_, change) => {
    const { order, state } = await paidOrder();
    const notice = await expectNotice(() => notification({ out_trade_no: order.outTradeNo, ...change }));
    expect(notice.reason).toBe('form');
    expect(await state()).toBe('NOTPAY');
  });

  it.each<[string, object, string]>([
    ['payment', { out_trade_no: 'T-of-another-merchant' }, 'TRANSACTION.SUCCESS'],
    ['payment without a time', { success_time: undefined }, 'TRANSACTION.SUCCESS'],
    [
      'refund',
      {
        out_trade_no: 'T-of-another-merchant',
        out_refund_no: 'R-1',
        refund_id: '50',
        refund_status: 'SUCCESS',
        amount: { total: 1, refund: 1 },
      },
      'REFUND.SUCCESS',
    ],
    ['partner refund', { sp_mchid: '1900009999', refund_status: 'SUCCESS' }, 'REFUND.SUCCESS'],
  ])('stores a %s of another merchant without our order once and acknowledges it', async (_, change, eventType) => {
    await expectNotice(() => notification({ ...change, mchid: '1900000002' }, { eventType }));
  });

  it('stores a notification of an unknown type once, for 90 days and at most 4 KB, and acknowledges it', async () => {
    const content = { state: '微'.repeat(2_000) };
    const notice = await expectNotice(() => notification(content, { eventType: 'PAYSCORE.USER_OPEN_SERVICE' }));
    expect(notice).toMatchObject({ eventType: 'PAYSCORE.USER_OPEN_SERVICE', reason: 'event-type' });
    expect(Buffer.byteLength(notice.content)).toBeLessThanOrEqual(4_096);
    expect(notice.content).toMatch(/微$/);
    expect(notice.expiresAt - Date.now() / 1_000).toBeGreaterThan(89 * 86_400);
    expect(notice.expiresAt - Date.now() / 1_000).toBeLessThan(91 * 86_400);
  });

  it('rejects a signed payment notification whose trade state is not SUCCESS', async () => {
    const { order } = await paidOrder();
    await world.expectRefused(notification({ out_trade_no: order.outTradeNo, trade_state: 'NOTPAY' }));
  });

  it('answers 500 when the table fails, and books the redelivered notification', async () => {
    const { order, state } = await paidOrder();
    const event = notification({ out_trade_no: order.outTradeNo });
    const documentClient = Object.getPrototypeOf(
      Object.getPrototypeOf(world.table.client),
    ) as typeof world.table.client;
    const down = vi.spyOn(documentClient, 'send').mockRejectedValueOnce(new Error('down') as never);
    expect((await world.send(event)).statusCode).toBe(500);
    down.mockRestore();
    expect(await state()).toBe('NOTPAY');
    expect((await world.send(event)).statusCode).toBe(204);
    expect(await state()).toBe('PAID');
  });

  it('logs no openid, no key and no signature', () => {
    const text = world.output.join('\n');
    expect(text).not.toBe('');
    expect(text).not.toMatch(/\bo[\w-]{27}\b/);
    expect(text).not.toContain('PRIVATE KEY');
    const signatures = world.address.events.map(({ headers }) => headers['wechatpay-signature']!);
    expect(signatures.filter((signature) => text.includes(signature))).toEqual([]);
    expect(text).not.toContain(ids.pay.apiV3Key);
  });
});
