// A merchant that ships the orders of a mini-program.
import { XMLParser } from 'fast-xml-parser';
import { expect } from 'vitest';
import { useMiniappReceiver, useSimulator, useWechatUser } from '../fixture.ts';
import type { TestSimulator } from '../fixture.ts';
import { apiCall, call, payOrder, phoneAction } from '../support.ts';
import type { User } from '../support.ts';

export const DAY_MS = 86_400_000;
export const parcel = { tracking_no: 'S1', express_company: 'STO', item_desc: '咖啡*1' };

const xml = new XMLParser({ parseTagValue: false });

/** Starts a simulator whose mini-program receives pushes, with a buyer. */
export function useTrade() {
  const simulator: TestSimulator = useSimulator({ miniapp: { token: 'BBBBB', mode: 'plain' } });
  const receiver = useMiniappReceiver(simulator);
  const user: User = useWechatUser(simulator);

  const post = async (name: string, body: object | string) =>
    (await apiCall(simulator, 'miniapp', `/wxa/sec/order/${name}`, { body })).json;
  const pushes = () =>
    receiver.received.map(({ body }) => (body.startsWith('{') ? JSON.parse(body) : xml.parse(body).xml));
  const merchantOrder = async (outTradeNo: string) =>
    (await call(simulator, 'GET', '/_merchant/orders')).json.find(
      (one: { outTradeNo: string }) => one.outTradeNo === outTradeNo,
    );
  /** Pays an order, and waits until WeChat has the payment. */
  const paid = async (more: object = {}) => {
    // The receiver accepts the notification of the payment, which would be repeated otherwise.
    const order = await payOrder(simulator, user, { notify_url: receiver.url, ...more });
    await simulator.advanceClock(2_000);
    return order;
  };
  /** A body of the upload of one express parcel. */
  const upload = (transactionId: string, more: object = {}) => ({
    order_key: { order_number_type: 2, transaction_id: transactionId },
    logistics_type: 1,
    delivery_mode: 1,
    shipping_list: [parcel],
    upload_time: new Date(simulator.now()).toISOString(),
    payer: { openid: user.openIds.miniapp },
    ...more,
  });
  const ship = (transactionId: string, more: object = {}) => post('upload_shipping_info', upload(transactionId, more));
  return {
    simulator,
    receiver,
    user,
    post,
    pushes,
    pushesOf: (event: string) => pushes().filter(({ Event }) => Event === event),
    merchantOrder,
    orderOf: async (transactionId: string) => (await post('get_order', { transaction_id: transactionId })).order,
    stateOf: async (transactionId: string) =>
      (await post('get_order', { transaction_id: transactionId })).order.order_state,
    paid,
    upload,
    ship,
    /** Pays and ships an order. */
    shipped: async (more: object = {}) => {
      const order = await paid();
      expect(await ship(order.transactionId, more)).toMatchObject({ errcode: 0 });
      return order;
    },
    refund: (outTradeNo: string, amountFen: number) =>
      call(simulator, 'POST', '/_merchant/refunds', { outTradeNo, amountFen }),
    receive: (outTradeNo: string, by: User = user) => phoneAction(simulator, by, 'receive', { outTradeNo }),
    seconds: () => Math.floor(simulator.now() / 1_000),
  };
}
