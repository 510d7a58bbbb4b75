import { beijingDay, fromBeijingDigits } from '../beijing-time.ts';
import type { Call } from '../http.ts';
import { describeComplaint, describeHistory, describeOrder, describeRefund } from '../virtual/describe.ts';
import { readGood, readGoodId, readKey, readRefund } from '../virtual/fields.ts';
import type { Body } from '../virtual/fields.ts';
import { LIVE, SANDBOX } from '../virtual/ledger.ts';
import type { Env, VirtualOrder } from '../virtual/ledger.ts';
import type { TaskKind } from '../virtual/goods.ts';
import { paySignature } from '../virtual/sign.ts';
import { appKeyOf } from '../virtual/world.ts';
import type { VirtualWorld } from '../virtual/world.ts';
import type { World } from '../world.ts';
import { PlatformError } from './error.ts';
import { readJson } from './route.ts';
import type { PlatformRoutes } from './route.ts';

type Handle = (body: Body, env: Env, call: Call) => object;

const ok = { errcode: 0, errmsg: 'OK' };
const BILL_FILE = '/xpay-bills/file';

/**
 * The server calls of virtual payment, each signed with the AppKey of its environment.
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/virtual-payment.html
 */
export function virtualRoutes({ virtual, users }: World): PlatformRoutes {
  if (!virtual) return {};
  const assertUser = (openId: unknown) => {
    if (!users.byOpenId('miniapp', openId)) throw new PlatformError(268490001);
  };
  const routes = { ...orderCalls(virtual, assertUser), ...goodsCalls(virtual), ...complaintCalls(virtual) };
  return {
    ...Object.fromEntries(
      Object.entries<Handle>({ ...routes, download_bill: (body, _env, call) => offerBill(virtual, body, call) }).map(
        ([name, handle]) => [`/xpay/${name}`, signedRoute(virtual, `/xpay/${name}`, handle)],
      ),
    ),
    [BILL_FILE]: {
      method: 'GET',
      raw: ({ query }) => {
        const file = virtual.bills.read(query.get('token') ?? '');
        return file
          ? { status: 200, headers: { 'Content-Type': 'application/octet-stream' }, body: file }
          : {
              status: 403,
              headers: { 'Content-Type': 'application/xml' },
              body: '<Error><Code>AccessDenied</Code></Error>',
            };
      },
    },
  };
}

/** The signature covers the exact bytes of the body, and travels in the query. */
function signedRoute(virtual: VirtualWorld, path: string, handle: Handle): PlatformRoutes[string] {
  return {
    method: 'POST',
    app: 'miniapp',
    json: (call) => {
      const signature = call.query.get('pay_sig');
      if (!signature) throw new PlatformError(268490002, '签名字段[pay_sig]为空');
      const body = readJson(call);
      // The bills are of the live environment only, so their request has no `env`.
      const env = path.endsWith('/download_bill') ? LIVE : body.env;
      if (env !== LIVE && env !== SANDBOX) throw new PlatformError(268490002);
      if (signature !== paySignature(path, call.body, appKeyOf(virtual, env))) throw new PlatformError(268490003);
      return { ...ok, ...handle(body, env, call) };
    },
  };
}

function orderCalls({ orders, refunds, faults }: VirtualWorld, assertUser: (openId: unknown) => void) {
  const assertOwner = ({ user }: VirtualOrder, { openid }: Body) => {
    if (user.openIds.miniapp !== openid) throw new PlatformError(268490001);
  };
  return {
    query_order: (body: Body, env: Env) => {
      assertUser(body.openid);
      const key = readKey(body);
      const refund = orders.findRefund(env, key);
      const order = refund?.order ?? orders.find(env, key);
      assertOwner(order, body);
      if (refund) return { order: describeRefund(refund) };
      const refundedInPart = faults.takeVariant('query-order', 'refunded-in-part');
      const hidesLeftFee = faults.takeVariant('query-order', 'no-left-fee');
      return { order: describeOrder(order, { refundedInPart, hidesLeftFee }) };
    },
    notify_provide_goods: (body: Body, env: Env) => {
      const order = orders.find(env, readKey(body));
      if (!order.payment) throw new PlatformError(268490002, '订单状态错误');
      if (order.providedAt !== undefined && faults.takeVariant('provide-goods', 'repeated'))
        throw new PlatformError(268490004);
      orders.provide(order);
      return {};
    },
    refund_order: (body: Body, env: Env) => {
      assertUser(body.openid);
      const request = readRefund(body);
      const order = orders.find(env, readKey(body));
      assertOwner(order, body);
      const refund = refunds.begin(order, request);
      return {
        refund_order_id: refund.refundOrderId,
        refund_wx_order_id: refund.wxRefundId,
        pay_order_id: order.outTradeNo,
        pay_wx_order_id: order.wxOrderId,
      };
    },
  };
}

function goodsCalls({ goods }: VirtualWorld) {
  const report = (env: Env, kind: TaskKind) => {
    const { status, item } = goods.report(env, kind);
    if (!item) return { [`${kind}_item`]: [], status };
    // A report on an upload has the price that the good keeps.
    const price = kind === 'upload' ? goods.find(env, item.id)?.priceFen : undefined;
    const reported = { id: item.id, price, [`${kind}_status`]: item.itemStatus, errmsg: item.problem ?? '' };
    return { [`${kind}_item`]: [reported], status };
  };
  return {
    start_upload_goods: (body: Body, env: Env) => {
      goods.startUpload(env, readGood(body));
      return {};
    },
    query_upload_goods: (_body: Body, env: Env) => report(env, 'upload'),
    start_publish_goods: (body: Body, env: Env) => {
      goods.startPublish(env, readGoodId(body));
      return {};
    },
    query_publish_goods: (_body: Body, env: Env) => report(env, 'publish'),
  };
}

/** The complaints of the live environment, whatever the `env` of the request, which only chooses the AppKey. */
function complaintCalls({ complaints }: VirtualWorld) {
  return {
    get_complaint_list: (body: Body) => {
      const found = complaints.ofDays(readDate(body.begin_date), readDate(body.end_date));
      return { total: found.length, complaints: pageOf(found, body).map(describeComplaint) };
    },
    get_complaint_detail: ({ complaint_id: id }: Body) => ({ complaint: describeComplaint(complaints.find(id)) }),
    get_negotiation_history: (body: Body) => {
      const history = describeHistory(complaints.find(body.complaint_id));
      return { total: history.length, history: pageOf(history, body) };
    },
    response_complaint: ({ complaint_id: id, response_content: text }: Body) => {
      if (typeof text !== 'string' || text === '' || [...text].length > 200) throw new PlatformError(268490002);
      complaints.respond(complaints.find(id), text);
      return {};
    },
    complete_complaint: ({ complaint_id: id }: Body) => {
      complaints.complete(complaints.find(id));
      return {};
    },
  };
}

function offerBill({ bills }: VirtualWorld, { begin_ds: begin, end_ds: end }: Body, { headers }: Call): object {
  const { token, dayCount } = bills.make(readDay(begin), readDay(end));
  return { url: `http://${headers.host}${BILL_FILE}?token=${token}`, total_cnt: dayCount };
}

/** Reads a day written as a number, `20260831`. */
function readDay(day: unknown): number {
  const start = typeof day === 'number' ? fromBeijingDigits(`${day}000000`) : undefined;
  if (start === undefined) throw new PlatformError(268490002);
  return beijingDay(start);
}

/** Reads a day written as `2026-08-31`. */
function readDate(date: unknown): number {
  if (typeof date !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(date)) throw new PlatformError(268490002);
  return readDay(Number(date.replaceAll('-', '')));
}

function pageOf<Item>(items: Item[], { offset, limit }: Body): Item[] {
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
  if (!isCount(offset) || !isCount(limit) || limit === 0) throw new PlatformError(268490002);
  return items.slice(offset, offset + limit);
}
