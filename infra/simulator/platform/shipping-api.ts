import { CARRIERS } from '../shipping/carriers.ts';
import { describeTrade } from '../shipping/describe-trade.ts';
import { pageOfOrders } from '../shipping/order-list.ts';
import { findReported, readSpecialOrder } from '../shipping/special-order.ts';
import { seconds } from '../shipping/trade-order.ts';
import type { Trade } from '../shipping/trade-order.ts';
import { readCombinedUpload, readUpload } from '../shipping/upload.ts';
import type { Upload } from '../shipping/upload.ts';
import type { Call } from '../http.ts';
import type { World } from '../world.ts';
import { PlatformError } from './error.ts';
import { ok, readJson } from './route.ts';
import type { PlatformRoutes } from './route.ts';

type Body = Record<string, unknown>;

/** Escapes of characters beyond ASCII, which the order shipping management rejects. An escaped backslash is no escape. */
const ESCAPED = /(?<!\\)(?:\\\\)*\\u(?!00[0-7])/;
const EXPRESS = 1;
/** The number of the order, which WeChat puts into the path. */
const ORDER_NUMBER = '${商品订单号}';

/**
 * The order shipping management of the mini-program.
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/order-shipping/order-shipping
 */
export function shippingRoutes({ trade, pay, settings: { miniapp } }: World): PlatformRoutes {
  const json = (handle: (body: Body) => object | Promise<object>) => ({
    method: 'POST' as const,
    app: 'miniapp' as const,
    json: async (call: Call) => ({ ...ok, ...(await handle(readUnescaped(call))) }),
  });
  const describe = (found: Trade) => describeTrade(found, pay.complaints.isInComplaint(found.order.terms.outTradeNo));
  const assertOwnApp = ({ appid }: Body) => {
    if (appid === undefined) throw new PlatformError(40097);
    if (appid !== miniapp.appId) throw new PlatformError(40013);
  };
  return {
    '/wxa/sec/order/upload_shipping_info': json(async (body) => {
      await trade.upload(readUpload(body));
      return {};
    }),
    '/wxa/sec/order/upload_combined_shipping_info': json(async (body) => {
      await trade.upload(...readCombinedUpload(body));
      return {};
    }),
    '/wxa/sec/order/get_order': json((body) => ({ order: describe(trade.find(readKey(body))) })),
    '/wxa/sec/order/get_order_list': json((body) => {
      const { trades, ...page } = pageOfOrders(trade.known(), body);
      return { order_list: trades.map(describe), ...page };
    }),
    '/wxa/sec/order/opspecialorder': json((body) => {
      const found = findReported(trade.known(), body);
      trade.report(found, readSpecialOrder(body, found));
      return {};
    }),
    '/wxa/sec/order/notify_confirm_receive': json((body) => {
      remind(trade.find(readKey(body)), body.received_time);
      return {};
    }),
    '/wxa/sec/order/set_msg_jump_path': json(({ path }) => {
      trade.messagePath = readPath(path);
      return {};
    }),
    '/wxa/sec/order/update_order_detail_path': json(({ path }) => {
      const detail = readPath(path);
      if (!detail.includes(ORDER_NUMBER)) throw new PlatformError(10060014, `path lacks ${ORDER_NUMBER}`);
      trade.orderDetailPath = detail;
      return {};
    }),
    '/wxa/sec/order/get_order_detail_path': json(() => ({ path: trade.orderDetailPath })),
    '/wxa/sec/order/is_trade_managed': json((body) => {
      assertOwnApp(body);
      return { is_trade_managed: trade.managed };
    }),
    '/wxa/sec/order/is_trade_management_confirmation_completed': json((body) => {
      assertOwnApp(body);
      return { completed: trade.managed };
    }),
    '/cgi-bin/express/delivery/open_msg/get_delivery_list': json(() => {
      const list = Object.entries(CARRIERS).map(([delivery_id, delivery_name]) => ({ delivery_id, delivery_name }));
      return { delivery_list: list, count: list.length };
    }),
  };
}

function readUnescaped(call: Call): Body {
  if (ESCAPED.test(call.body.toString('utf8'))) throw new PlatformError(47001);
  return readJson(call);
}

function readKey({
  transaction_id: transactionId,
  merchant_id: mchId,
  merchant_trade_no: outTradeNo,
}: Body): Upload['key'] {
  if (typeof transactionId === 'string' && transactionId !== '') return { transactionId };
  if (typeof mchId === 'string' && typeof outTradeNo === 'string') return { mchId, outTradeNo };
  throw new PlatformError(10060014);
}

/** Reminds the buyer to confirm the receipt of an express order that has arrived. */
function remind(trade: Trade, receivedTime: unknown): void {
  const { upload, uploadedAt } = trade;
  if (!upload?.isFinal) throw new PlatformError(10060028);
  if (upload.type !== EXPRESS) throw new PlatformError(10060032);
  if (typeof receivedTime !== 'number') throw new PlatformError(10060014);
  if (receivedTime < seconds(uploadedAt)) throw new PlatformError(10060029);
  if (trade.isBuyerReminded) throw new PlatformError(10060030);
  trade.isBuyerReminded = true;
}

function readPath(path: unknown): string {
  if (typeof path === 'string' && path !== '') return path;
  throw new PlatformError(10060014);
}
