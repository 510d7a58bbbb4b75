import { constants, privateDecrypt } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Call } from '../../http.ts';
import { PayError } from '../error.ts';
import type { PayOrder, Refund } from '../ledger.ts';
import type { PayWorld } from '../world.ts';
import { nextLengthOf } from '../rule.ts';
import { refundStatusOf } from '../refunds.ts';
import { abnormalRefundRule, refundRule } from './fields.ts';
import { renderRefund } from './render.ts';
import { invalidFieldError, readBody } from './route.ts';
import type { V3Route } from './route.ts';

/** The checked body of a refund. */
interface RefundRequest {
  transaction_id?: string;
  out_trade_no?: string;
  out_refund_no: string;
  reason?: string;
  notify_url?: string;
  funds_account?: string;
  amount: { refund: number; total: number; from?: { amount: number }[] };
}

/**
 * The calls that request and query a refund.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071036
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071041
 */
export function refundRoutes(world: PayWorld): V3Route[] {
  return [
    {
      method: 'POST',
      path: /^\/v3\/refund\/domestic\/refunds$/,
      handler: (call) => renderRefund(createRefund(world, call)),
    },
    {
      method: 'POST',
      path: /^\/v3\/refund\/domestic\/refunds\/([^/]+)\/apply-abnormal-refund$/,
      handler: (call, refundId) => renderRefund(endAbnormalRefund(world, call, refundId)),
    },
    {
      method: 'GET',
      path: /^\/v3\/refund\/domestic\/refunds\/([^/]+)$/,
      handler: (_, outRefundNo) => renderRefund(world.refunds.find(outRefundNo)),
    },
  ];
}

function createRefund(world: PayWorld, call: Call): Refund {
  const request = readBody<RefundRequest>(call, refundRule, nextLengthOf(world.faults));
  const { reason, notify_url: notifyUrl, funds_account: fundsAccount, amount } = request;
  const fromFen = amount.from?.reduce((sum, part) => sum + part.amount, 0);
  if (fromFen !== undefined && fromFen !== amount.refund) {
    throw invalidFieldError('body', { field: '/amount/from', value: amount.from, issue: '之和必须等于退款金额' });
  }
  return world.refunds.create(findRefundedOrder(world, request), {
    outRefundNo: request.out_refund_no,
    refundFen: amount.refund,
    totalFen: amount.total,
    ...(reason !== undefined && { reason }),
    ...(notifyUrl !== undefined && { notifyUrl }),
    ...(fundsAccount !== undefined && { fundsAccount }),
    source: 'API',
    sent: request,
  });
}

interface AbnormalRefundRequest {
  out_refund_no: string;
  type: 'USER_BANK_CARD' | 'MERCHANT_BANK_CARD';
  bank_type?: string;
  bank_account?: string;
  real_name?: string;
}

/** @see https://pay.weixin.qq.com/docs/merchant/apis/refund/refunds/create-abnormal-refund.html */
function endAbnormalRefund(world: PayWorld, call: Call, refundId: string): Refund {
  const request = readBody<AbnormalRefundRequest>(call, abnormalRefundRule);
  const refund = world.refunds.findById(refundId);
  if (refund.terms.outRefundNo !== request.out_refund_no || refundStatusOf(refund) !== 'ABNORMAL') {
    throw new PayError(400, 'INVALID_REQUEST', '退款单状态不是退款异常，不能发起异常退款');
  }
  if (request.type === 'USER_BANK_CARD') {
    if (request.bank_type === undefined) throw invalidFieldError('body', { field: '/bank_type', issue: '必填' });
    const key = world.keys.decryptionKeyFor(String(call.headers['wechatpay-serial']));
    const [account, name] = [request.bank_account, request.real_name].map((text) => decrypted(text, key));
    if (!/^\d{12,19}$/.test(account ?? '') || !name) {
      throw new PayError(400, 'PARAM_ERROR', '敏感信息解密失败或银行卡号不合法');
    }
  }
  world.refunds.restart(refund);
  return refund;
}

function decrypted(text: string | undefined, key: KeyObject | undefined): string | undefined {
  if (text === undefined || key === undefined) return undefined;
  try {
    const options = { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' };
    return privateDecrypt(options, Buffer.from(text, 'base64')).toString('utf8');
  } catch {
    return undefined;
  }
}

function findRefundedOrder(
  { orders }: PayWorld,
  { transaction_id: transactionId, out_trade_no: outTradeNo }: RefundRequest,
): PayOrder {
  if ((transactionId === undefined) === (outTradeNo === undefined)) {
    throw invalidFieldError('body', { field: '/transaction_id', issue: '与out_trade_no二选一' });
  }
  try {
    return transactionId === undefined ? orders.find(outTradeNo ?? '') : orders.findByTransaction(transactionId);
  } catch (error) {
    // The refund calls use another error code for a missing order.
    if (!(error instanceof PayError) || error.code !== 'ORDER_NOT_EXIST') throw error;
    throw new PayError(404, 'RESOURCE_NOT_EXISTS', '订单不存在');
  }
}
