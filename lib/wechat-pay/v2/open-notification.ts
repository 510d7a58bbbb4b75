import { AppError } from '../../core/errors.ts';
import {
  isOtherForm,
  noticeOf,
  type ForeignNotice,
  type Notice,
  type OwnMerchant,
  type Unreadable,
} from '../notice.ts';
import type { WechatRefund, Transaction } from '../pay-api.ts';
import type { Verified } from '../verified.ts';
import { readFields, type V2Fields } from './fields.ts';
import { readRefundNoticeV2 } from './refunds.ts';
import { decryptReqInfo } from './req-info.ts';
import { isSigned } from './sign.ts';
import { readTransactionV2 } from './transaction.ts';

declare const opened: unique symbol;

/**
 * A notification of API v2, opened with our key. Only openPayNotificationV2 creates values of this type. A payment is
 * signed. A refund is unsigned: it is a claim that a query has to confirm. `foreign` is present when the message names
 * another merchant.
 */
export type PayNotificationV2 = { readonly [opened]: true } & (
  | { kind: 'payment'; transaction: Verified<Transaction>; foreign?: ForeignNotice }
  | { kind: 'refund-claim'; refund: WechatRefund; foreign?: ForeignNotice }
  | (Notice & { kind: 'other' })
  | Unreadable
);

const MAX_BYTES = 64 * 1024;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Opens a notification of API v2: reads the flat XML, verifies the signature over every field, and reads the payment. A
 * refund has no signature, so its `req_info` is decrypted instead. The message has no timestamp, so a replay is
 * accepted: booking twice changes nothing. The caller compares the payment with the ledger.
 *
 * The same key signs our requests and the payments of clients (`paySign`), so a signature alone does not make a message
 * a notification. Only messages of WeChat Pay contain `return_code`.
 *
 * Every client can send a `req_info` that our key does not decrypt. Such a message proves nothing about our key, so it
 * is rejected and not counted.
 * @throws PARAM_ERROR when the body is not flat XML in UTF-8, is too long, or is not a notification
 * @throws FORBIDDEN when the message is not signed or not encrypted with our key
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935221
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935223
 */
export function openPayNotificationV2(
  body: Buffer,
  { apiV2Key, ...own }: OwnMerchant & { apiV2Key: string },
): PayNotificationV2 {
  const fields = readFields(textOf(body));
  if (fields.req_info !== undefined) {
    const refund = openReqInfo(fields.req_info, apiV2Key);
    return readRefund(fields, refund, own) as PayNotificationV2;
  }
  if (!isSigned(fields, apiV2Key)) throw new AppError('FORBIDDEN', 'The signature is not valid');
  return readPayment(fields, own) as PayNotificationV2;
}

function readPayment(fields: Verified<V2Fields>, { mchId, appIds }: OwnMerchant) {
  const { return_code, result_code, err_code, out_trade_no, appid = '', mch_id = fields.combine_mch_id } = fields;
  if (!return_code || !mch_id) throw notNotification();
  const notice = (reason: Notice['reason']) => noticeOfFields(`PAYMENT.${result_code ?? 'FAIL'}`, reason, fields);
  if (isOtherForm(fields)) return notice('form');
  const isOurs = mch_id === mchId;
  if (result_code === 'FAIL' && err_code && out_trade_no) return notice(isOurs ? 'failed-payment' : 'merchant');
  // A notification has no `trade_state`, because WeChat Pay notifies only of success.
  const transaction =
    return_code === 'SUCCESS' && result_code === 'SUCCESS' ? readTransactionV2(fields, 'SUCCESS') : undefined;
  if (transaction && transaction.tradeState !== 'SUCCESS') throw notNotification();
  if (transaction?.payment) return { kind: 'payment', transaction, ...foreignTo(isOurs, notice, transaction) };
  if (isOurs && appIds.includes(appid)) return unreadable();
  return notice(isOurs ? 'form' : 'merchant');
}

function readRefund(fields: V2Fields, content: V2Fields, { mchId }: OwnMerchant) {
  const { return_code, mch_id = fields.combine_mch_id } = fields;
  if (!return_code || !mch_id) throw notNotification();
  // Only the content is encrypted. Every client can change the other fields, so the notice contains none of them.
  const notice = (reason: Notice['reason']) =>
    noticeOfFields(`REFUND.${content.refund_status ?? 'UNKNOWN'}`, reason, content);
  if (isOtherForm(fields) || isOtherForm(content)) return notice('form');
  const isOurs = mch_id === mchId;
  const refund = readRefundNoticeV2(content, mch_id);
  if (refund) return { kind: 'refund-claim', refund, ...foreignTo(isOurs, notice, refund) };
  return isOurs ? unreadable() : notice('merchant');
}

function foreignTo(
  isOurs: boolean,
  notice: (reason: 'merchant') => Notice,
  { outTradeNo }: { outTradeNo: string },
): { foreign?: ForeignNotice } {
  return isOurs ? {} : { foreign: { ...notice('merchant'), outTradeNo } };
}

/** The order of the fields, and fields that can differ in a repeated delivery, do not change the id of a notice. */
function noticeOfFields(eventType: string, reason: Notice['reason'], fields: V2Fields): Notice & { kind: 'other' } {
  const { sign: _sign, sign_type: _type, nonce_str: _nonce, ...content } = fields;
  const text = JSON.stringify(Object.fromEntries(Object.entries(content).toSorted()));
  return noticeOf(eventType, reason, text);
}

function notNotification(): AppError {
  return new AppError('PARAM_ERROR', 'The message is not a payment notification of WeChat Pay');
}

function unreadable(): Unreadable {
  const message = 'The notification names our merchant, but lacks a required field';
  return { kind: 'unreadable', error: new AppError('INTERNAL', message) };
}

function textOf(body: Buffer): string {
  if (body.length > MAX_BYTES) throw new AppError('PARAM_ERROR', 'The notification is longer than 64 KiB');
  try {
    return utf8.decode(body);
  } catch (cause) {
    throw new AppError('PARAM_ERROR', 'The notification is not UTF-8', { cause });
  }
}

/** Decrypts `req_info`. With a wrong key, the padding can be valid by chance, but the result is never valid XML. */
function openReqInfo(reqInfo: string, apiV2Key: string): V2Fields {
  try {
    return readFields(decryptReqInfo(apiV2Key, reqInfo), 'root');
  } catch (cause) {
    throw new AppError('FORBIDDEN', 'Our key does not decrypt the refund', { cause });
  }
}
