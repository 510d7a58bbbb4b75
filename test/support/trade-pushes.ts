// Pushes of the order shipping management, as WeChat sends them about a paid order.
import type { Fields } from './miniapp-push.ts';
import { ids } from './world.ts';

interface TradedOrder {
  outTradeNo: string;
  transactionId: string;
}

/** A time as WeChat sends it: epoch seconds. */
export const secondsOf = (iso: string) => Date.parse(iso) / 1_000;

/** Returns a push about an order. `change` replaces and adds fields. */
function tradePush(Event: string, { outTradeNo, transactionId }: TradedOrder, change: Fields): Fields {
  return {
    FromUserName: 'o_system',
    MsgType: 'event',
    Event,
    transaction_id: transactionId,
    merchant_id: ids.pay.mchId,
    sub_merchant_id: '',
    merchant_trade_no: outTradeNo,
    pay_time: secondsOf('2026-11-20T03:00:00Z'),
    ...change,
  };
}

/** A push that an order was shipped, unless `change` adds the receipt and the settlement. */
export const settlementPush = (order: TradedOrder, change: Fields = {}) =>
  tradePush('trade_manage_order_settlement', order, { shipped_time: secondsOf('2026-11-21T03:00:00Z'), ...change });

/** A push that an order is not shipped after 48 hours. */
export const reminderPush = (order: TradedOrder, change: Fields = {}) =>
  tradePush('trade_manage_remind_shipping', order, { msg: '您有订单未发货', ...change });
