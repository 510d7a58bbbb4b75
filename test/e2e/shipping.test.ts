// Order shipping over HTTP: from the payment in the mini-program to the settlement, as the buyer and the operator see it.
import { describe, expect, it } from 'vitest';
import { api, operator, phone } from '../support/client.ts';

const TIMEOUT = { timeout: 60_000, interval: 500 };

/** Buys in the mini-program and pays. */
async function paidOrder(purchase: object) {
  const person = await phone.newPerson();
  const login = await api('POST', '/miniapp/login', { body: { code: await phone.loginCode(person) } });
  const token = login.body.token as string;
  const { body } = await api('POST', '/pay/prepay', { token, body: { ...purchase, tradeType: 'JSAPI' } });
  expect(body.order.shipping).toBeNull();
  await phone.act(person, 'pay', { prepayId: body.payment.package });
  const { outTradeNo } = body.order as { outTradeNo: string };
  const readShipping = async () => (await api('GET', `/pay/orders/${outTradeNo}`, { token })).body.order.shipping;
  return { person, token, outTradeNo, readShipping };
}

describe('order.shipping', () => {
  it('of a top-up becomes shipped without an operator, because nothing is sent', async () => {
    const { readShipping } = await paidOrder({ sku: 'top-up', amountFen: 500 });
    await expect
      .poll(readShipping, TIMEOUT)
      .toMatchObject({ state: 'shipped', delivery: 'virtual', parcels: [], estimatedSettlementAt: expect.any(String) });
  });

  it('of goods goes from to-ship to settled, when an operator ships and the buyer confirms the receipt', async () => {
    const { person, token, outTradeNo, readShipping } = await paidOrder({ sku: 'coffee' });
    await expect.poll(readShipping, TIMEOUT).toEqual({ state: 'to-ship', delivery: 'express', parcels: [] });
    const parcels = [{ carrier: 'STO', trackingNo: '773012345678901' }];
    const input = { outTradeNo, parcels: [{ ...parcels[0], receiverPhone: '13911112222' }] };
    const shipped = { state: 'shipped', delivery: 'express', parcels };
    expect(await operator('order-ship', input)).toMatchObject({ outTradeNo, shipping: shipped });
    await expect.poll(readShipping, TIMEOUT).toEqual({ ...shipped, estimatedSettlementAt: expect.any(String) });
    await phone.act(person, 'receive', { outTradeNo });
    await expect
      .poll(readShipping, TIMEOUT)
      .toMatchObject({ state: 'settled', parcels, settledAt: expect.any(String) });
    const { orders } = (await api('GET', '/pay/orders', { token })).body;
    expect(orders).toMatchObject([{ outTradeNo, shipping: { state: 'settled', parcels } }]);
    expect(await operator('order-show', { outTradeNo })).toMatchObject({ shipment: { state: 'settled', parcels } });
  });

  it('of a closed order is null', async () => {
    const person = await phone.newPerson();
    const { token } = (await api('POST', '/miniapp/login', { body: { code: await phone.loginCode(person) } })).body;
    const { body } = await api('POST', '/pay/prepay', { token, body: { sku: 'coffee', tradeType: 'JSAPI' } });
    const closed = await api('POST', `/pay/orders/${body.order.outTradeNo}/close`, { token });
    expect(closed.body.order).toMatchObject({ state: 'CLOSED', shipping: null });
  });
});
