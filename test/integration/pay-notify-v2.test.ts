import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { markClosed, readOrder } from '../../lib/store/orders.ts';
import { buy, createBuyers } from '../support/buyers.ts';
import { paymentFields, paymentNotice, signV2, xml, xmlEvent } from '../support/pay-notification-v2.ts';
import { createWebhookWorld } from '../support/webhooks.ts';
import { ids } from '../support/world.ts';

const ACCEPTED = '<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>';

let world: Awaited<ReturnType<typeof createWebhookWorld>>;
let buyers: Awaited<ReturnType<typeof createBuyers>>;
beforeAll(async () => {
  world = await createWebhookWorld('pay-notify-v2');
  buyers = await createBuyers(world);
});
afterAll(() => world.close());

/** Places an order through API v2 and leaves it unpaid. */
async function newOrder() {
  const buyer = await buyers.loggedIn();
  const { order, payment } = await buy(await world.payWith({ api: 'v2' }), { token: buyer.token });
  const state = async () => (await readOrder(world.table, order.outTradeNo))?.state;
  return { ...buyer, order, payment, state, number: { out_trade_no: order.outTradeNo } };
}

describe('pay-notify-v2 for payments', () => {
  it('books a payment and answers the exact SUCCESS XML', async () => {
    const { person, payment, state } = await newOrder();
    const paid = (await world.phone.act(person, 'pay', { prepayId: payment.package })) as {
      notify: { status: number; body: string };
    };
    expect(paid.notify).toMatchObject({ status: 200, body: ACCEPTED });
    expect(await state()).toBe('PAID');
  });

  it('books the amount of the order when a coupon pays a part', async () => {
    const { order, person, payment } = await newOrder();
    await world.faults('pay', 'coupon');
    const paid = (await world.phone.act(person, 'pay', { prepayId: payment.package })) as { notify: object };
    expect(paid.notify).toMatchObject({ status: 200, body: ACCEPTED });
    expect(await readOrder(world.table, order.outTradeNo)).toMatchObject({ state: 'PAID', amountFen: 1800 });
  });

  it.each(['MD5', 'HMAC-SHA256'] as const)(
    'accepts a notification signed with %s, with and without sign_type',
    async (type) => {
      for (const more of [{}, { sign_type: type }] as Record<string, string>[]) {
        const { number, state } = await newOrder();
        const transaction_id = `42${number.out_trade_no.slice(-20)}`;
        const answer = await world.send(paymentNotice({ ...number, transaction_id, ...more }, type));
        expect(answer).toMatchObject({ statusCode: 200, body: ACCEPTED });
        expect(await state()).toBe('PAID');
      }
    },
  );

  it('answers fifty concurrent copies alike and books the payment once', async () => {
    const { number, state } = await newOrder();
    const event = paymentNotice(number);
    const answers = await Promise.all(Array.from({ length: 50 }, () => world.send(event)));
    expect(new Set(answers.map(({ statusCode, body }) => `${statusCode} ${body}`))).toEqual(
      new Set([`200 ${ACCEPTED}`]),
    );
    expect(await state()).toBe('PAID');
    const booked = world.output.filter((line) => line.includes('"order.paid"') && line.includes(number.out_trade_no));
    expect(booked).toHaveLength(1);
  });

  it('accepts a body in base64 and values without CDATA', async () => {
    const { number, state } = await newOrder();
    const fields = paymentFields(number);
    const bare = Object.entries({ ...fields, sign: signV2(fields) }).map(
      ([name, value]) => `<${name}>${value}</${name}>`,
    );
    const event = xmlEvent(Buffer.from(`<xml>${bare.join('\n')}</xml>`).toString('base64'));
    event.isBase64Encoded = true;
    expect((await world.send(event)).statusCode).toBe(200);
    expect(await state()).toBe('PAID');
  });

  it('books a payment whose XML begins with a declaration', async () => {
    const { number, state } = await newOrder();
    const event = paymentNotice(number);
    event.body = `<?xml version="1.0" encoding="UTF-8"?>\n${event.body}`;
    expect(await world.send(event)).toMatchObject({ statusCode: 200, body: ACCEPTED });
    expect(await state()).toBe('PAID');
  });

  it('books a payment that arrives after the close', async () => {
    const { number, state } = await newOrder();
    await markClosed(world.table, { outTradeNo: number.out_trade_no, from: ['NOTPAY'] });
    expect((await world.send(paymentNotice(number))).statusCode).toBe(200);
    expect(await state()).toBe('PAID');
  });

  const signed = (change: Record<string, string>) => {
    const fields = paymentFields(change);
    return { ...fields, sign: signV2(fields) };
  };
  const bomb = (entity: string) => `<?xml version="1.0"?><!DOCTYPE xml [${entity}]>`;

  it.each<[string, (number: Record<string, string>) => string]>([
    ['without a sign', (number) => xml(paymentFields(number))],
    ['with an empty sign', (number) => xml({ ...paymentFields(number), sign: '' })],
    [
      'with the sign of another key',
      (number) => {
        const fields = paymentFields(number);
        return xml({ ...fields, sign: signV2(fields, 'MD5', 'x'.repeat(32)) });
      },
    ],
    ['with a changed amount', (number) => xml({ ...signed(number), total_fee: '180000' })],
    ['with an added field', (number) => xml({ ...signed(number), extra: '1' })],
    [
      'with the sign_type HMAC-SHA256 and an MD5 sign',
      (number) => {
        const fields = paymentFields({ ...number, sign_type: 'HMAC-SHA256' });
        return xml({ ...fields, sign: signV2(fields, 'MD5') });
      },
    ],
    ['with a DOCTYPE', (number) => bomb('') + xml(signed(number))],
    [
      'with an entity bomb',
      (number) => bomb('<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">') + xml(signed(number)).replace('OTHERS', '&b;'),
    ],
    [
      'with an entity that reads a file',
      (number) => bomb('<!ENTITY f SYSTEM "file:///etc/passwd">') + xml(signed(number)).replace('OTHERS', '&f;'),
    ],
    ['with a repeated field', (number) => xml(signed(number)).replace('</xml>', '<total_fee>1</total_fee></xml>')],
    ['with a nested field', (number) => xml(signed(number)).replace('</xml>', '<a><b>1</b></a></xml>')],
    ['that is JSON', (number) => JSON.stringify(signed(number))],
    ['that is empty', () => ''],
    ['that is truncated', (number) => xml(signed(number)).slice(0, -20)],
    ['larger than 64 KiB', (number) => xml(signed({ ...number, attach: 'x'.repeat(70_000) }))],
  ])('rejects a notification %s and stores nothing', async (_, body) => {
    const { number, state } = await newOrder();
    const answer = await world.expectRefused(xmlEvent(body(number)));
    expect(answer.body).toContain('<return_code><![CDATA[FAIL]]></return_code>');
    expect(await state()).toBe('NOTPAY');
  });

  it.each([
    ['another merchant', { mch_id: '1900000002' }],
    ['another app', { appid: ids.official.appId }],
    ['another amount', { total_fee: '1' }],
    ['another currency', { fee_type: 'USD' }],
    ['an unknown order', { out_trade_no: 'x'.repeat(32) }],
  ])(
    'rejects an authentic payment for %s, leaves the order unchanged and records the mismatch once',
    async (_, change) => {
      const { number, state } = await newOrder();
      const event = paymentNotice({ ...number, transaction_id: `42-${number.out_trade_no.slice(-8)}`, ...change });
      const before = (await world.everything()).length;
      for (let times = 0; times < 3; times += 1) expect((await world.send(event)).statusCode).toBe(409);
      expect((await world.everything()).length - before).toBe(1);
      expect(await state()).toBe('NOTPAY');
    },
  );

  it.each(['REVOKED', 'NOTPAY', 'PAYERROR'])(
    'rejects the signed answer of a query with the state %s',
    async (trade_state) => {
      const { number, state } = await newOrder();
      expect((await world.expectRefused(paymentNotice({ ...number, trade_state }))).statusCode).toBe(400);
      expect(await state()).toBe('NOTPAY');
    },
  );

  it.each([
    ['partner-form', 'sub_mch_id'],
    ['combined-form', 'combine_mch_id'],
    ['papay', 'contract_id'],
  ])('stores a notification of %s once, acknowledges it, and books the payment of the order', async (form, field) => {
    const { person, payment, state } = await newOrder();
    const seen = world.address.events.length;
    await world.faults('notify', form);
    await world.phone.act(person, 'pay', { prepayId: payment.package });
    expect(await state()).toBe('PAID');
    expect(world.address.events.length - seen).toBe(2);
    const notices = (await world.notices()).filter(({ content }) => content.includes(`"${field}"`));
    expect(notices).toMatchObject([{ eventType: 'PAYMENT.SUCCESS', reason: 'form' }]);
    const before = await world.everything();
    expect(await world.send(world.address.events[seen]!)).toMatchObject({ statusCode: 200, body: ACCEPTED });
    expect(await world.everything()).toEqual(before);
  });

  it('rejects the payment of a client as a notification, however its XML is written, and stores nothing', async () => {
    const { payment } = await newOrder();
    const { paySign: sign, ...fields } = payment;
    expect(signV2(fields, 'HMAC-SHA256')).toBe(sign);
    const body = xml({ ...fields, sign });
    for (const written of [body, body.replace('<xml>', '<xml> '), body.replaceAll(/(<\/\w+>)</g, '$1\n<')])
      expect((await world.expectRefused(xmlEvent(written))).statusCode).toBe(400);
  });

  it('stores a payment of another merchant without our order once and acknowledges it', async () => {
    const before = (await world.everything()).length;
    for (let times = 0; times < 3; times += 1) {
      const event = paymentNotice({
        out_trade_no: 'T-of-another-merchant',
        mch_id: '1900000002',
        nonce_str: `n${times}`,
      });
      expect(await world.send(event)).toMatchObject({ statusCode: 200, body: ACCEPTED });
    }
    expect((await world.everything()).length - before).toBe(1);
  });

  it.each(['transaction_id', 'out_trade_no', 'total_fee', 'time_end', 'result_code'])(
    'asks WeChat to repeat a payment of our merchant and app without %s, and counts it',
    async (field) => {
      const { number, state } = await newOrder();
      await world.expectUnreadable(paymentNotice({ ...number, [field]: '' }));
      expect(await state()).toBe('NOTPAY');
    },
  );

  it('stores a failed payment once, at most 4 KB, however its XML is written', async () => {
    const { number, state } = await newOrder();
    const failed = { ...number, result_code: 'FAIL', err_code: 'SYSTEMERROR', attach: 'x'.repeat(9_000) };
    const fields = paymentFields(failed);
    const body = xml({ ...fields, sign: signV2(fields) });
    const before = (await world.everything()).length;
    for (let blanks = 0; blanks < 5; blanks += 1) {
      const event = xmlEvent(body.replace('<xml>', `<xml>${' '.repeat(blanks)}`));
      expect(await world.send(event)).toMatchObject({ statusCode: 200, body: ACCEPTED });
    }
    expect((await world.everything()).length - before).toBe(1);
    const notice = (await world.notices()).find(({ reason }) => reason === 'failed-payment');
    expect(notice).toMatchObject({ eventType: 'PAYMENT.FAIL' });
    expect(notice!.content).toHaveLength(4_096);
    expect(await state()).toBe('NOTPAY');
  });

  it('compares the amount of the order, not the amount after coupons', async () => {
    const { number, state } = await newOrder();
    expect((await world.send(paymentNotice({ ...number, cash_fee: '1' }))).statusCode).toBe(200);
    expect(await state()).toBe('PAID');
  });

  it('answers 500 when the table fails, and books the redelivered notification', async () => {
    const { number, state } = await newOrder();
    const event = paymentNotice(number);
    const documentClient = Object.getPrototypeOf(
      Object.getPrototypeOf(world.table.client),
    ) as typeof world.table.client;
    const down = vi.spyOn(documentClient, 'send').mockRejectedValueOnce(new Error('down') as never);
    const answer = await world.send(event);
    down.mockRestore();
    expect(answer).toMatchObject({ statusCode: 500, body: expect.stringContaining('FAIL') });
    expect((await world.send(event)).statusCode).toBe(200);
    expect(await state()).toBe('PAID');
  });
});
