import { fromBeijingDigits } from '../../beijing-time.ts';
import type { OrderTerms, PayOrder, Refund, TradeType } from '../ledger.ts';
import { h5Url, newPrepayId } from '../orders.ts';
import { nextLengthOf } from '../rule.ts';
import type { PayWorld } from '../world.ts';
import { ResultCodeError } from './error.ts';
import { checkFields, checkUnifiedOrder, outTradeNoRule, refundRules } from './fields.ts';
import { createV2Refund } from './refund-handler.ts';
import { renderOrderQuery, renderRefundQuery } from './render.ts';
import { SIGN_TYPES } from './sign.ts';
import type { V2Fields } from './sign.ts';

type Handlers = Record<string, (fields: V2Fields) => V2Fields>;

const refundsPerPage = 10;

/**
 * The calls about orders and their refunds. Closing an order younger than five minutes is allowed.
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935214
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935215
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935216
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935218
 */
export function orderHandlers(world: PayWorld): Handlers {
  const { orders } = world;
  return {
    '/pay/unifiedorder': (fields) => createOrder(world, checkUnifiedOrder(fields, nextLengthOf(world.faults)), fields),
    '/pay/orderquery': (fields) => {
      const order = findOrder(world, fields);
      return renderOrderQuery(order, orders.stateOf(order));
    },
    '/pay/closeorder': (fields) => {
      checkFields(fields, outTradeNoRule);
      orders.close(fields.out_trade_no ?? '');
      return { result_msg: 'OK' };
    },
    '/secapi/pay/refund': (fields) => {
      checkFields(fields, refundRules);
      return createV2Refund(world, findOrder(world, fields), fields);
    },
    '/pay/refundquery': (fields) => queryRefunds(world, fields),
  };
}

function createOrder({ orders, users, clock }: PayWorld, tradeType: TradeType, fields: V2Fields): V2Fields {
  const terms = readTerms(tradeType, fields);
  const { appId, payerOpenId } = terms;
  if (payerOpenId && !users.hasOpenId(appId, payerOpenId)) throw new ResultCodeError('PARAM_ERROR', '无效的openid');
  const paymentHandle = orders.create(terms);
  const common = { trade_type: tradeType, prepay_id: paymentHandle };
  if (tradeType === 'JSAPI') return common;
  if (tradeType === 'MWEB') return { ...common, mweb_url: h5Url(paymentHandle) };
  // The phone pays a native order by the code_url only.
  return { ...common, prepay_id: newPrepayId(clock.now()), code_url: paymentHandle };
}

function readTerms(tradeType: TradeType, fields: V2Fields): OrderTerms {
  const { attach, device_info: deviceId, openid, time_expire: timeExpire, sign_type: named } = fields;
  const { nonce_str: _nonce, sign: _sign, ...sent } = fields;
  const expiresAt = timeExpire ? fromBeijingDigits(timeExpire) : undefined;
  return {
    tradeType,
    appId: fields.appid ?? '',
    outTradeNo: fields.out_trade_no ?? '',
    description: fields.body ?? '',
    totalFen: Number(fields.total_fee),
    notifyUrl: fields.notify_url ?? '',
    ...(attach && { attach }),
    ...(deviceId && { deviceId }),
    ...(fields.spbill_create_ip && { payerAddress: fields.spbill_create_ip }),
    ...(tradeType === 'JSAPI' && openid && { payerOpenId: openid }),
    ...(expiresAt !== undefined && { expiresAt }),
    v2: { signType: SIGN_TYPES.find((type) => type === named) ?? 'MD5', named: Boolean(named) },
    sent,
  };
}

function findOrder({ orders }: PayWorld, fields: V2Fields): PayOrder {
  const { transaction_id: transactionId, out_trade_no: outTradeNo } = fields;
  if (transactionId) return orders.findByTransaction(transactionId);
  if (outTradeNo) return orders.find(outTradeNo);
  throw new ResultCodeError('LACK_PARAMS', '缺少参数out_trade_no');
}

/** Queries by the first of refund_id, out_refund_no, transaction_id, out_trade_no that is present. */
function queryRefunds(world: PayWorld, fields: V2Fields): V2Fields {
  const { refund_id: refundId, out_refund_no: outRefundNo, offset = '0' } = fields;
  const one = refundId ? world.refunds.findById(refundId) : outRefundNo ? world.refunds.find(outRefundNo) : undefined;
  if (one) return renderRefundQuery(one.order, [one], 1);
  if (!/^\d{1,9}$/.test(offset)) throw new ResultCodeError('PARAM_ERROR', 'offset参数格式有误');
  const order = findOrder(world, fields);
  const page: Refund[] = order.refunds.slice(Number(offset), Number(offset) + refundsPerPage);
  if (page.length === 0) throw new ResultCodeError('REFUNDNOTEXIST', '退款查询失败');
  return renderRefundQuery(order, page, order.refunds.length);
}
