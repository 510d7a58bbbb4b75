import type { TradeType } from '../ledger.ts';
import { notifyUrlPattern, outRefundNoPattern, outTradeNoPattern } from '../patterns.ts';
import { integer, object, required, text } from '../rule.ts';
import type { Rule } from '../rule.ts';

const goods = object({
  merchant_goods_id: required(text(32)),
  wechatpay_goods_id: text(32),
  goods_name: text(256),
  quantity: required(integer(1)),
  unit_price: required(integer(0)),
});

const scene = {
  payer_client_ip: required(text(45, /^[\d.]+$|^[\da-fA-F:.]+$/)),
  device_id: text(32),
  store_info: object({ id: required(text(32)), name: text(256), area_code: text(32), address: text(512) }),
};

const h5Info = object({
  type: required(text(32, /^(Wap|iOS|Android)$/)),
  app_name: text(64),
  app_url: text(128),
  bundle_id: text(128),
  package_name: text(128),
});

const common = {
  appid: required(text(32)),
  mchid: required(text(32)),
  description: required(text(127)),
  out_trade_no: required(text(32, outTradeNoPattern)),
  time_expire: text(64, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/),
  attach: text(128),
  notify_url: required(text(255, notifyUrlPattern)),
  goods_tag: text(32),
  support_fapiao: { kind: 'boolean' },
  limit_pay: { kind: 'array', item: text(32, /^(no_balance|no_credit|no_debit|balance_only)$/) },
  amount: required(object({ total: required(integer(1)), currency: text(16, /^CNY$/) })),
  detail: object({ cost_price: integer(0), invoice_id: text(32), goods_detail: { kind: 'array', item: goods } }, 6144),
  settle_info: object({ profit_sharing: { kind: 'boolean' } }),
} satisfies Record<string, Rule>;

/**
 * The rules for the body of each create call.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791856
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791877
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791834
 */
export const createRules: Record<TradeType, Rule> = {
  JSAPI: object({ ...common, scene_info: object(scene), payer: required(object({ openid: required(text(128)) })) }),
  NATIVE: object({ ...common, scene_info: object(scene) }),
  MWEB: object({ ...common, scene_info: required(object({ ...scene, h5_info: required(h5Info) })) }),
};

/** The rule for the body of the echo call. */
export const echoRule = object({ echo_message: required(text(256)) });

export const closeRule = object({ mchid: required(text(32)) });

/**
 * The rule for the body of a request that ends an abnormal refund another way.
 * @see https://pay.weixin.qq.com/docs/merchant/apis/refund/refunds/create-abnormal-refund.html
 */
export const abnormalRefundRule = object({
  out_refund_no: required(text(64, outRefundNoPattern)),
  type: required(text(32, /^(USER|MERCHANT)_BANK_CARD$/)),
  bank_type: text(16),
  bank_account: text(1024),
  real_name: text(1024),
});

/**
 * The rule for the body of a refund.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071036
 */
export const refundRule = object({
  transaction_id: text(32),
  out_trade_no: text(32, outTradeNoPattern),
  out_refund_no: required(text(64, outRefundNoPattern)),
  reason: text(80),
  notify_url: text(256, notifyUrlPattern),
  funds_account: text(32, /^(AVAILABLE|UNSETTLED)$/),
  amount: required(
    object({
      refund: required(integer(1)),
      total: required(integer(1)),
      currency: required(text(16, /^CNY$/)),
      from: {
        kind: 'array',
        item: object({ account: required(text(32, /^(AVAILABLE|UNAVAILABLE)$/)), amount: required(integer(1)) }),
      },
    }),
  ),
  goods_detail: {
    kind: 'array',
    item: object({
      merchant_goods_id: required(text(32)),
      wechatpay_goods_id: text(32),
      goods_name: text(256),
      unit_price: required(integer(0)),
      refund_amount: required(integer(0)),
      refund_quantity: required(integer(1)),
    }),
  },
});
