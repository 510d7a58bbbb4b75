import { expect, it } from 'vitest';
import { eventsOf } from '../../../../lib/events/from-record.ts';
import { keys } from '../../../../lib/store/keys.ts';
import { recordOf } from '../../../support/stream-records.ts';

const outTradeNo = 'k3v9x2m7q1w8z4t601jd5m2x8r4v7c9q';
const order = { outTradeNo, sku: 'coffee', kind: 'goods', amountFen: 1_800, currency: 'CNY', state: 'NOTPAY' };
const paid = { ...order, state: 'PAID', transactionId: '4200000001', paidAt: '2026-11-20T03:12:44.000Z' };

it.each([
  ['order.paid', paid],
  ['order.closed', { ...order, state: 'CLOSED' }],
])('%s carries the attach of the order, if there is one', (name, after) => {
  const dataOf = (more: object) => {
    const [event] = eventsOf(recordOf(keys.order(outTradeNo), { ...order, ...more }, { ...after, ...more }));
    expect(event).toMatchObject({ name });
    return event!.data;
  };
  expect(dataOf({ attach: 'table 7' })).toHaveProperty('attach', 'table 7');
  expect(dataOf({})).not.toHaveProperty('attach', expect.anything());
});
