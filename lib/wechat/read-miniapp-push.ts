import {
  eventName,
  type MediaCheckEvent,
  type MiniappEvent,
  type MiniappMessage,
  type MiniappPushContent,
  type TradeEvent,
  type VirtualPayEvent,
} from './miniapp-push-content.ts';
import {
  child,
  optional,
  optionalId,
  readElements,
  readSubscribeEvent,
  readUserDataEvent,
  requiredId,
  text,
  type PushHead,
} from './push-elements.ts';
import type { XmlElement } from './xml.ts';

export interface MiniappPushFacts extends PushHead {
  content: MiniappPushContent;
}

/**
 * Reads the elements of a push. Only miniapp-push.ts calls this function, after verifying the sender.
 * @throws PARAM_ERROR with a message that contains nothing of the push
 */
export function readMiniappPush(xml: XmlElement): MiniappPushFacts {
  return readElements<MiniappPushContent>(xml, { readEvent, readMessage });
}

/**
 * Whether WeChat repeats this push for hours. CreateTime then has no limit, and the key of the business (trace, order or
 * refund) makes a repetition harmless.
 */
export function isRepeatedForHours({ content }: MiniappPushFacts): boolean {
  return content.type === 'event' && /^(xpay_|trade_manage_|wxa_media_check$)/.test(eventName(content));
}

function readMessage(xml: XmlElement, kind: string): MiniappMessage {
  const base = { type: 'message', msgId: optionalId(xml, 'MsgId') } as const;
  switch (kind) {
    case 'text':
      return { ...base, kind, text: text(xml, 'Content') };
    case 'image':
      return { ...base, kind, picUrl: text(xml, 'PicUrl'), mediaId: text(xml, 'MediaId') };
    case 'miniprogrampage': {
      const page = { title: text(xml, 'Title'), appId: text(xml, 'AppId'), pagePath: text(xml, 'PagePath') };
      return { ...base, kind, ...page, thumbUrl: text(xml, 'ThumbUrl'), thumbMediaId: text(xml, 'ThumbMediaId') };
    }
    default:
      return { ...base, kind: 'other', name: kind };
  }
}

function readEvent(xml: XmlElement): MiniappEvent {
  const type = 'event';
  const name = requiredId(xml, 'Event').toLowerCase();
  switch (name) {
    case 'user_enter_tempsession':
      return { type, event: name, sessionFrom: text(xml, 'SessionFrom') };
    case 'wxa_media_check':
      return { type, ...readMediaCheck(xml) };
    default: {
      const shared = readSubscribeEvent(xml, name) ?? readUserDataEvent(xml, name);
      const event = shared ?? readTradeEvent(xml, name) ?? readVirtualPayEvent(xml, name);
      return { type, ...(event ?? { event: 'other', name }) };
    }
  }
}

const VERDICTS = new Map<string, MediaCheckEvent['suggest']>([
  ['pass', 'pass'],
  ['risky', 'risky'],
  ['0', 'pass'],
  ['1', 'risky'],
]);

/**
 * Reads the result of a check. The first version of the event has `isrisky` and `status_code` in place of `result`.
 * @throws PARAM_ERROR without a trace_id
 */
function readMediaCheck(xml: XmlElement): MediaCheckEvent {
  const result = child(xml, 'result');
  const failed = [text(xml, 'errcode'), text(xml, 'status_code')].some((code) => code !== '' && code !== '0');
  const suggest = failed ? 'failed' : VERDICTS.get(optional(result, 'suggest') ?? text(xml, 'isrisky'));
  const traceId = requiredId(xml, 'trace_id');
  return { event: 'wxa_media_check', traceId, suggest: suggest ?? 'review', label: text(result, 'label') };
}

function readTradeEvent(xml: XmlElement, event: string): TradeEvent | undefined {
  const message = text(xml, 'msg');
  const order = {
    transactionId: text(xml, 'transaction_id'),
    merchantId: text(xml, 'merchant_id'),
    subMerchantId: optional(xml, 'sub_merchant_id'),
    merchantTradeNo: text(xml, 'merchant_trade_no'),
    payTime: text(xml, 'pay_time'),
  };
  switch (event) {
    case 'trade_manage_remind_access_api':
    case 'wxa_trade_controlled':
      return { event, message };
    case 'trade_manage_remind_shipping':
      return { event, order, message };
    case 'trade_manage_order_settlement': {
      const settlement = {
        estimatedTime: optional(xml, 'estimated_settlement_time'),
        confirmReceiveMethod: optional(xml, 'confirm_receive_method'),
        confirmReceiveTime: optional(xml, 'confirm_receive_time'),
        settledTime: optional(xml, 'settlement_time'),
      };
      return { event, order, shippedTime: text(xml, 'shipped_time'), settlement };
    }
    default:
      return undefined;
  }
}

function readVirtualPayEvent(xml: XmlElement, event: string): VirtualPayEvent | undefined {
  const base = { openId: text(xml, 'OpenId'), retryTimes: text(xml, 'RetryTimes') };
  const outTradeNo = text(xml, 'OutTradeNo');
  switch (event) {
    case 'xpay_goods_deliver_notify': {
      const goods = child(xml, 'GoodsInfo');
      const purchase = { productId: text(goods, 'ProductId'), ...readPurchase(goods) };
      return { event, ...base, ...readVirtualOrder(xml), goods: purchase };
    }
    case 'xpay_coin_pay_notify':
      return { event, ...base, ...readVirtualOrder(xml), coins: readPurchase(child(xml, 'CoinInfo')) };
    case 'xpay_refund_notify':
      return { event, ...base, refund: readVirtualRefund(xml) };
    case 'xpay_complaint_notify': {
      const orders = { wxOrderId: text(xml, 'WxOrderId'), mchOrderId: text(xml, 'MchOrderId') };
      const complaint = { ...orders, complaintTime: text(xml, 'ComplaintTime'), requestId: text(xml, 'RequestId') };
      return { event, ...base, complaint };
    }
    case 'xpay_subscribe_signing_result_notify':
    case 'xpay_subscribe_pay_fail_notify':
      return { event, ...base, outTradeNo };
    case 'xpay_subscribe_ios_refund_query_notify':
      return { event, question: readAppleQuestion(xml) };
    default:
      return undefined;
  }
}

function readVirtualOrder(xml: XmlElement) {
  const info = child(xml, 'WeChatPayInfo');
  const ids = { mchOrderNo: text(info, 'MchOrderNo'), transactionId: text(info, 'TransactionId') };
  const payment = { ...ids, paidTime: text(info, 'PaidTime') };
  const isPaidByWechat = Object.keys(info).length > 0;
  return { outTradeNo: text(xml, 'OutTradeNo'), env: text(xml, 'Env'), ...(isPaidByWechat && { payment }) };
}

function readPurchase(xml: XmlElement) {
  const prices = { origPrice: text(xml, 'OrigPrice'), actualPrice: text(xml, 'ActualPrice') };
  return { quantity: text(xml, 'Quantity'), ...prices, attach: text(xml, 'Attach') };
}

function readVirtualRefund(xml: XmlElement) {
  return {
    wxRefundId: text(xml, 'WxRefundId'),
    mchRefundId: text(xml, 'MchRefundId'),
    wxOrderId: text(xml, 'WxOrderId'),
    mchOrderId: text(xml, 'MchOrderId'),
    refundFee: text(xml, 'RefundFee'),
    retCode: text(xml, 'RetCode'),
    retMsg: text(xml, 'RetMsg'),
    startedTime: text(xml, 'RefundStartTimestamp'),
    succeededTime: text(xml, 'RefundSuccTimestamp'),
    transactionId: text(xml, 'WxpayRefundTransactionId'),
  };
}

function readAppleQuestion(xml: XmlElement) {
  return {
    payOrderId: text(xml, 'pay_order_id'),
    productId: text(xml, 'product_id'),
    count: text(xml, 'p_count'),
    reason: text(xml, 'refund_request_reason'),
    provideStatus: text(xml, 'provide_status'),
    orderTime: text(xml, 'order_time'),
    refundTime: text(xml, 'refund_time'),
  };
}
