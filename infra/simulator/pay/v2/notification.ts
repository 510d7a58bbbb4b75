import { createCipheriv, createHash } from 'node:crypto';
import { beijingText } from '../../beijing-time.ts';
import { alphanumeric } from '../../random.ts';
import { toXml } from '../../xml.ts';
import { settledFen } from '../ledger.ts';
import type { PayOrder, Payment, Refund } from '../ledger.ts';
import type { NotificationRequest, Notification } from '../notification-delivery.ts';
import { refundedAt, refundStatusOf } from '../refunds.ts';
import { parseMerchantXml } from './merchant-xml.ts';
import { paidFields, v2Statuses } from './render.ts';
import { v2Sign } from './sign.ts';
import type { SignType, V2Fields } from './sign.ts';

interface Sender {
  mchId: string;
  apiV2Key: string;
}

/**
 * Builds the notification of an API v2 payment. It contains sign_type only if the order did.
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935221
 */
export function buildV2PaymentNotification(
  { terms }: PayOrder,
  payment: Payment,
  { mchId, apiV2Key }: Sender,
): Notification {
  const { signType, named } = terms.v2 ?? { signType: 'MD5' as const, named: false };
  const unnamed: V2Fields = {
    return_code: 'SUCCESS',
    result_code: 'SUCCESS',
    appid: terms.appId,
    mch_id: mchId,
    nonce_str: alphanumeric(32),
    // A field may be empty; empty fields are not signed.
    attach: '',
    ...paidFields(terms, payment),
  };
  const fields = named ? { ...unnamed, sign_type: signType } : unnamed;
  return {
    ...xmlPost(terms.notifyUrl, 'TRANSACTION.SUCCESS', signed(fields, apiV2Key, signType)),
    faulty: {
      'tamper-notify': () =>
        xmlRequest({ ...signed(fields, apiV2Key, signType), total_fee: withOtherLastDigit(terms.totalFen) }),
      'unsigned-notify': () => xmlRequest(fields),
      'no-sign-type-notify': () => xmlRequest(signed(unnamed, apiV2Key, signType)),
    },
  };
}

/** Builds a signed notification of these fields. */
export function buildV2Notification(
  url: string,
  fields: V2Fields,
  { apiV2Key }: Pick<Sender, 'apiV2Key'>,
): Notification {
  return { ...xmlPost(url, 'TRANSACTION.SUCCESS', signed(fields, apiV2Key, 'MD5')), faulty: {} };
}

/**
 * Builds the notification of a refund for the URL of the merchant platform: encrypted, not signed.
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935223
 */
export function buildV2RefundNotification(url: string, refund: Refund, { mchId, apiV2Key }: Sender): Notification {
  const fields: V2Fields = {
    return_code: 'SUCCESS',
    return_msg: 'OK',
    appid: refund.order.terms.appId,
    mch_id: mchId,
    nonce_str: alphanumeric(32),
  };
  const sealed = encryptReqInfo(toXml(refundFields(refund)).replaceAll(/^<xml>|<\/xml>$/g, ''), apiV2Key);
  return {
    ...xmlPost(url, `REFUND.${refundStatusOf(refund)}`, { ...fields, req_info: sealed.toString('base64') }),
    faulty: { 'tamper-notify': () => xmlRequest({ ...fields, req_info: flipOneByte(sealed) }) },
  };
}

function xmlPost(url: string, event: string, fields: V2Fields) {
  const genuine = xmlRequest(fields);
  return {
    url,
    event,
    genuine: () => genuine,
    isAccepted,
  };
}

/**
 * Whether an answer accepts the notification. `return_code` decides: common libraries omit `return_msg` or leave it empty
 * (befinal/node-tenpay, overtrue/wechat). Nothing may precede the document.
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935221
 */
function isAccepted({ status, body }: { status: number | null; body: string }): boolean {
  return status === 200 && body.startsWith('<') && parseMerchantXml(body)?.return_code === 'SUCCESS';
}

function xmlRequest(fields: V2Fields): NotificationRequest {
  return { headers: { 'Content-Type': 'text/xml', 'User-Agent': 'Mozilla/4.0', Accept: '*/*' }, body: toXml(fields) };
}

function signed(fields: V2Fields, apiV2Key: string, signType: SignType): V2Fields {
  return { ...fields, sign: v2Sign(fields, apiV2Key, signType) };
}

function refundFields(refund: Refund): V2Fields {
  const { order, terms, refundId } = refund;
  const successAt = refundedAt(refund);
  return {
    transaction_id: order.payment?.transactionId ?? '',
    out_trade_no: order.terms.outTradeNo,
    refund_id: refundId,
    out_refund_no: terms.outRefundNo,
    total_fee: String(terms.totalFen),
    settlement_total_fee: String(settledFen(order, terms.totalFen)),
    refund_fee: String(terms.refundFen),
    settlement_refund_fee: String(settledFen(order, terms.refundFen)),
    refund_status: v2Statuses[refundStatusOf(refund)],
    ...(successAt !== undefined && { success_time: beijingText(successAt) }),
    refund_recv_accout: '支付用户零钱',
    refund_account: 'REFUND_SOURCE_UNSETTLED_FUNDS',
    refund_request_source: terms.source,
  };
}

/** Encrypts `req_info` with AES-256-ECB under the hex of the key's MD5, as text. */
function encryptReqInfo(elements: string, apiV2Key: string): Buffer {
  const cipher = createCipheriv('aes-256-ecb', createHash('md5').update(apiV2Key).digest('hex'), null);
  return Buffer.concat([cipher.update(`<root>${elements}</root>`, 'utf8'), cipher.final()]);
}

/** Changes the last digit of an amount. */
function withOtherLastDigit(fen: number): string {
  return String(fen % 10 === 9 ? fen - 1 : fen + 1);
}

function flipOneByte(sealed: Buffer): string {
  const bytes = Buffer.from(sealed);
  bytes.writeUInt8(bytes.readUInt8(0) ^ 0xff, 0);
  return bytes.toString('base64');
}
