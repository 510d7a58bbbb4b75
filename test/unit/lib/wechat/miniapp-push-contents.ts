// One push of each type, and its content.
import type { MiniappPushContent } from '../../../../lib/wechat/miniapp-push-content.ts';
import type { Fields } from '../../../support/miniapp-push.ts';

const OPEN_ID = 'oABC';
const VIRTUAL = { OpenId: OPEN_ID, OutTradeNo: 'no_1', Env: 0, RetryTimes: 2 };
const PAID = { MchOrderNo: 'mch_1', TransactionId: '4200001', PaidTime: 1_700_000_000 };
const PURCHASE = { Quantity: 10, OrigPrice: 100, ActualPrice: 90, Attach: 'a' };
const purchase = { quantity: '10', origPrice: '100', actualPrice: '90', attach: 'a' };
const virtual = { openId: OPEN_ID, outTradeNo: 'no_1', env: '0', retryTimes: '2' };
const payment = { mchOrderNo: 'mch_1', transactionId: '4200001', paidTime: '1700000000' };
const ORDER = {
  transaction_id: '4200001',
  merchant_id: '1900000001',
  sub_merchant_id: '19',
  merchant_trade_no: 'no_1',
  pay_time: 1_700_000_000,
};
const order = {
  transactionId: '4200001',
  merchantId: '1900000001',
  subMerchantId: '19',
  merchantTradeNo: 'no_1',
  payTime: '1700000000',
};
const ITEM = { TemplateId: 'T', SubscribeStatusString: 'accept', PopupScene: '0' };
const choice = { templateId: 'T', status: 'accept', popupScene: '0' };
const SENT = { TemplateId: 'T', MsgID: '1864323726461255680', ErrorCode: '0', ErrorStatus: 'success' };
const result = { templateId: 'T', msgId: '1864323726461255680', errorCode: '0', errorStatus: 'success' };

export const MESSAGES: [Fields, Extract<MiniappPushContent, { type: 'message' }>][] = [
  [
    { MsgType: 'text', Content: '你好 <b>"&', MsgId: '1' },
    { type: 'message', msgId: '1', kind: 'text', text: '你好 <b>"&' },
  ],
  [
    { MsgType: 'image', PicUrl: 'http://p', MediaId: 'm', MsgId: '1' },
    { type: 'message', msgId: '1', kind: 'image', picUrl: 'http://p', mediaId: 'm' },
  ],
  [
    {
      MsgType: 'miniprogrampage',
      MsgId: '1',
      Title: 't',
      AppId: 'wx1',
      PagePath: 'p?a=1',
      ThumbUrl: 'http://t',
      ThumbMediaId: 'm',
    },
    {
      type: 'message',
      msgId: '1',
      kind: 'miniprogrampage',
      title: 't',
      appId: 'wx1',
      pagePath: 'p?a=1',
      thumbUrl: 'http://t',
      thumbMediaId: 'm',
    },
  ],
  [
    { MsgType: 'VOICE', MsgId: '1' },
    { type: 'message', msgId: '1', kind: 'other', name: 'voice' },
  ],
];

type Event = Extract<MiniappPushContent, { type: 'event' }>;
type WithoutType<Content> = Content extends unknown ? Omit<Content, 'type'> : never;

export const EVENTS: [Fields, WithoutType<Event>][] = [
  [
    { Event: 'user_enter_tempsession', SessionFrom: 'wxapp' },
    { event: 'user_enter_tempsession', sessionFrom: 'wxapp' },
  ],
  [
    { Event: 'subscribe_msg_popup_event', List: ITEM },
    { event: 'subscribe_msg_popup_event', choices: [choice] },
  ],
  [
    { Event: 'subscribe_msg_popup_event', List: [ITEM, ITEM] },
    { event: 'subscribe_msg_popup_event', choices: [choice, choice] },
  ],
  [
    { Event: 'subscribe_msg_change_event', SubscribeMsgChangeEvent: { List: ITEM } },
    { event: 'subscribe_msg_change_event', choices: [choice] },
  ],
  [
    { Event: 'subscribe_msg_sent_event', List: SENT },
    { event: 'subscribe_msg_sent_event', results: [result] },
  ],
  [
    {
      Event: 'wxa_media_check',
      trace_id: 'trace',
      version: 2,
      errcode: 0,
      result: { suggest: 'risky', label: 20_002 },
      detail: [{ label: 1 }, { label: 2 }],
    },
    { event: 'wxa_media_check', traceId: 'trace', suggest: 'risky', label: '20002' },
  ],
  [
    { Event: 'wxa_media_check', trace_id: 'trace', isrisky: 0, status_code: 0 },
    { event: 'wxa_media_check', traceId: 'trace', suggest: 'pass', label: '' },
  ],
  [
    { Event: 'wxa_media_check', trace_id: 'trace', errcode: -1_008 },
    { event: 'wxa_media_check', traceId: 'trace', suggest: 'failed', label: '' },
  ],
  [
    { Event: 'wxa_media_check', trace_id: 'trace', errcode: 0, result: { suggest: 'new' } },
    { event: 'wxa_media_check', traceId: 'trace', suggest: 'review', label: '' },
  ],
  [
    { Event: 'wxa_media_check', trace_id: 'trace', errcode: 0, result: { suggest: 'constructor' } },
    { event: 'wxa_media_check', traceId: 'trace', suggest: 'review', label: '' },
  ],
  [
    { Event: 'trade_manage_remind_access_api', msg: 'm' },
    { event: 'trade_manage_remind_access_api', message: 'm' },
  ],
  [
    { Event: 'trade_manage_remind_shipping', ...ORDER, msg: 'm' },
    { event: 'trade_manage_remind_shipping', order, message: 'm' },
  ],
  [
    { Event: 'trade_manage_order_settlement', ...ORDER, shipped_time: 1, estimated_settlement_time: 2 },
    { event: 'trade_manage_order_settlement', order, shippedTime: '1', settlement: { estimatedTime: '2' } },
  ],
  [
    {
      Event: 'trade_manage_order_settlement',
      ...ORDER,
      shipped_time: 1,
      confirm_receive_method: 1,
      confirm_receive_time: 2,
      settlement_time: 3,
    },
    {
      event: 'trade_manage_order_settlement',
      order,
      shippedTime: '1',
      settlement: { confirmReceiveMethod: '1', confirmReceiveTime: '2', settledTime: '3' },
    },
  ],
  [
    { Event: 'wxa_trade_controlled', msg: 'm' },
    { event: 'wxa_trade_controlled', message: 'm' },
  ],
  [
    { Event: 'xpay_goods_deliver_notify', ...VIRTUAL, WeChatPayInfo: PAID, GoodsInfo: { ProductId: 'p', ...PURCHASE } },
    { event: 'xpay_goods_deliver_notify', ...virtual, payment, goods: { productId: 'p', ...purchase } },
  ],
  [
    { Event: 'xpay_goods_deliver_notify', ...VIRTUAL, GoodsInfo: { ProductId: 'p', ...PURCHASE } },
    { event: 'xpay_goods_deliver_notify', ...virtual, goods: { productId: 'p', ...purchase } },
  ],
  [
    { Event: 'xpay_coin_pay_notify', ...VIRTUAL, WeChatPayInfo: PAID, CoinInfo: PURCHASE },
    { event: 'xpay_coin_pay_notify', ...virtual, payment, coins: purchase },
  ],
  [
    {
      Event: 'xpay_refund_notify',
      OpenId: OPEN_ID,
      WxRefundId: 'r',
      MchRefundId: 'm',
      WxOrderId: 'w',
      MchOrderId: 'o',
      RefundFee: 90,
      RetCode: 0,
      RetMsg: 'ok',
      RefundStartTimestamp: 1,
      RefundSuccTimestamp: 2,
      WxpayRefundTransactionId: 't',
      RetryTimes: 0,
    },
    {
      event: 'xpay_refund_notify',
      openId: OPEN_ID,
      retryTimes: '0',
      refund: {
        wxRefundId: 'r',
        mchRefundId: 'm',
        wxOrderId: 'w',
        mchOrderId: 'o',
        refundFee: '90',
        retCode: '0',
        retMsg: 'ok',
        startedTime: '1',
        succeededTime: '2',
        transactionId: 't',
      },
    },
  ],
  [
    {
      Event: 'xpay_complaint_notify',
      OpenId: OPEN_ID,
      WxOrderId: 'w',
      MchOrderId: 'o',
      ComplaintTime: 1,
      RetryTimes: 0,
      RequestId: 'q',
    },
    {
      event: 'xpay_complaint_notify',
      openId: OPEN_ID,
      retryTimes: '0',
      complaint: { wxOrderId: 'w', mchOrderId: 'o', complaintTime: '1', requestId: 'q' },
    },
  ],
  ...(['xpay_subscribe_signing_result_notify', 'xpay_subscribe_pay_fail_notify'] as const).map(
    (event): [Fields, WithoutType<Event>] => [
      { Event: event, ...VIRTUAL },
      { event, openId: OPEN_ID, outTradeNo: 'no_1', retryTimes: '2' },
    ],
  ),
  [
    {
      Event: 'xpay_subscribe_ios_refund_query_notify',
      pay_order_id: 'o',
      product_id: 'p',
      p_count: '1',
      refund_request_reason: 'r',
      provide_status: '1',
      order_time: '1',
      refund_time: '2',
    },
    {
      event: 'xpay_subscribe_ios_refund_query_notify',
      question: {
        payOrderId: 'o',
        productId: 'p',
        count: '1',
        reason: 'r',
        provideStatus: '1',
        orderTime: '1',
        refundTime: '2',
      },
    },
  ],
  ...(['user_authorization_revoke', 'user_authorization_cancellation', 'user_info_modified'] as const).map(
    (event): [Fields, WithoutType<Event>] => [
      { Event: event, OpenID: OPEN_ID, AppID: 'wx1', UnionID: 'u', RevokeInfo: '1,2' },
      { event, subject: { openId: OPEN_ID, appId: 'wx1', unionId: 'u' }, revokeInfo: '1,2' },
    ],
  ),
  [{ Event: 'New_Event' }, { event: 'other', name: 'new_event' }],
];
