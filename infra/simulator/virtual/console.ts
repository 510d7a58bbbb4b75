// The console of virtual payment, and the actions of WeChat and of Apple.
import { readChoice, readInteger, readOptionalText, readText } from '../control-body.ts';
import type { ControlBody } from '../control-body.ts';
import { ControlError, controlParamError } from '../control-error.ts';
import { isRecord } from '../http.ts';
import type { WechatUsers } from '../wechat-users.ts';
import { describeVirtual } from './describe.ts';
import { isPaidByApple, leftFen, LIVE, SANDBOX } from './ledger.ts';
import type { FieldChanges } from './pushes.ts';
import type { VirtualWorld } from './world.ts';

type Action = (world: VirtualWorld, body: ControlBody, users: WechatUsers) => object | null | Promise<object | null>;

const ACTIONS: Record<string, Action> = {
  /** Sends the delivery push again, as after a lost answer. */
  redeliver: ({ orders, pushes }, body) =>
    pushes.deliver(orders.get(readText(body, 'outTradeNo')), { retryTimes: readInteger(body, 'retryTimes', 1) }),
  /** Sends the delivery push with changed fields. */
  forge: ({ orders, pushes }, body) => {
    if (!isRecord(body.fields)) throw controlParamError('fields must be an object');
    return pushes.deliver(orders.get(readText(body, 'outTradeNo')), { changes: body.fields as FieldChanges });
  },
  close: ({ orders }, body) => {
    orders.close(orders.get(readText(body, 'outTradeNo')));
    return null;
  },
  'console-refund': ({ orders, refunds }, body) => {
    const order = orders.get(readText(body, 'outTradeNo'));
    return refunds.refundByHand(order, readInteger(body, 'amountFen', leftFen(order)));
  },
  /** Apple returns the money, of which neither the merchant nor WeChat decides. */
  'apple-refund': ({ orders, refunds }, body) => {
    const order = orders.get(readText(body, 'outTradeNo'));
    if (!isPaidByApple(order)) throw new ControlError(409, 'NOT_PAID_BY_APPLE', 'Apple did not take this payment');
    return refunds.refundByHand(order, leftFen(order));
  },
  'settle-refund': ({ orders, refunds }, body) => {
    const orderId = readText(body, 'refundOrderId');
    const refund = orders.findRefund(LIVE, { orderId }) ?? orders.findRefund(SANDBOX, { orderId });
    if (!refund) throw new ControlError(404, 'REFUND_UNKNOWN', `no refund ${orderId}`);
    return refunds.end(refund, readChoice(body, 'state', ['done', 'failed']) ?? 'done');
  },
  /** Asks whether a payment shall be refunded; the number may be of no order. */
  'apple-question': ({ orders, pushes }, body, users) => {
    const outTradeNo = readText(body, 'outTradeNo');
    const order = orders.has(outTradeNo) ? orders.get(outTradeNo) : undefined;
    const user = order?.user ?? users.first();
    if (!user) throw new ControlError(409, 'USER_UNKNOWN', 'no user exists: create one with POST /_phone/users');
    return pushes.ask(user, outTradeNo, order);
  },
  'put-good': ({ goods }, body) => {
    const env = readInteger(body, 'env', LIVE);
    if (env !== LIVE && env !== SANDBOX) throw controlParamError('env must be 0 or 1');
    const id = readText(body, 'id');
    return goods.put(env, { id, name: readOptionalText(body, 'name') ?? id, priceFen: readInteger(body, 'price', 1) });
  },
  'distort-bill': ({ bills }, body) => {
    bills.distortion = { addCount: readInteger(body, 'addCount', 0), addFen: readInteger(body, 'addFen', 0) };
    return null;
  },
};

/** The calls of the console, for `GET /`. */
export const virtualConsoleCalls = {
  'GET /_merchant/virtual': 'the goods, orders, refunds and complaints of virtual payment',
  'POST /_merchant/virtual': `{action: ${Object.keys(ACTIONS)
    .map((name) => `"${name}"`)
    .join(' | ')}, outTradeNo?, …}: acts for the console, WeChat or Apple`,
};

/** `GET /_merchant/virtual`. */
export function showVirtual(world: VirtualWorld | undefined): object {
  return describeVirtual(opened(world));
}

/** `POST /_merchant/virtual`: returns the answer to the push of the action; null if the action has none. */
export async function actOnVirtual(
  world: VirtualWorld | undefined,
  body: ControlBody,
  users: WechatUsers,
): Promise<object | null> {
  const act = ACTIONS[readChoice(body, 'action', Object.keys(ACTIONS)) ?? ''];
  if (!act) throw controlParamError(`action must be one of ${Object.keys(ACTIONS).join(', ')}`);
  return act(opened(world), body, users);
}

function opened(world: VirtualWorld | undefined): VirtualWorld {
  if (!world) throw new ControlError(409, 'NOT_OPENED', 'the mini-program has no virtual payment: see the settings');
  return world;
}
