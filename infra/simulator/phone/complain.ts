// The user complains to WeChat about the merchant of a paid order.
import { readInteger, readOptionalText, readText } from '../control-body.ts';
import type { ControlBody } from '../control-body.ts';
import { ControlError, controlParamError } from '../control-error.ts';
import type { PayOrder } from '../pay/ledger.ts';
import { totalFen } from '../virtual/ledger.ts';
import type { WechatUser } from '../wechat-users.ts';
import type { World } from '../world.ts';
import type { PhoneActions } from './action.ts';

export const complainActions: PhoneActions = {
  complain: async (world, user, body) => {
    const outTradeNo = readText(body, 'outTradeNo');
    const text = readText(body, 'text');
    if ([...text].length > 200) throw controlParamError('text must have at most 200 characters');
    const about = { text, phone: readPhone(body, user) };
    const { virtual } = world;
    if (virtual?.orders.has(outTradeNo)) {
      const order = virtual.orders.getPaid(outTradeNo, user);
      const refundFen = readRefundFen(body, totalFen(order));
      const { complaint, notice } = virtual.complaints.file({ order, ...about, refundFen });
      return { complaintId: complaint.complaintId, push: await notice };
    }
    const order = findOwnPaidOrder(world, user, outTradeNo);
    const refundFen = readRefundFen(body, order.terms.totalFen);
    const { complaint, notice } = world.pay.complaints.file({ order, ...about, refundFen });
    return { complaintId: complaint.complaintId, notify: await notice };
  },
};

/** @throws ControlError if the user did not pay an order with this number */
function findOwnPaidOrder({ pay: { orders }, users }: World, user: WechatUser, outTradeNo: string): PayOrder {
  const order = orders.all().find(({ terms }) => terms.outTradeNo === outTradeNo);
  if (!order?.payment || order.payment.openId !== users.openIdOf(user, order.terms.appId))
    throw new ControlError(404, 'ORDER_UNKNOWN', `the user did not pay an order ${outTradeNo}`);
  return order;
}

/** The number of the user's WeChat account if the body names none; null for a complaint without a number. */
function readPhone(body: ControlBody, { phone }: WechatUser): string | undefined {
  return body.phone === null ? undefined : (readOptionalText(body, 'phone', /^\+?\d{5,20}$/) ?? phone?.pure);
}

/** The amount that the user asks for; undefined for a complaint about something else. */
function readRefundFen(body: ControlBody, mostFen: number): number | undefined {
  if (body.refundFen === undefined) return undefined;
  const refundFen = readInteger(body, 'refundFen', 0);
  if (refundFen < 1 || refundFen > mostFen) throw controlParamError(`refundFen must be 1 to ${mostFen}`);
  return refundFen;
}
