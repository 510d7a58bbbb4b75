import { createHash } from 'node:crypto';
import { AppError } from '../../core/errors.ts';
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
 * signed. A refund is unsigned: it is a claim that a query has to confirm.
 */
export type PayNotificationV2 = { readonly [opened]: true } & (
  | { kind: 'payment'; transaction: Verified<Transaction> }
  | { kind: 'refund-claim'; refund: WechatRefund }
  | { kind: 'other'; id: string; eventType: string; plaintext: string }
);

const MAX_BYTES = 64 * 1024;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Opens a notification of API v2: reads the flat XML, verifies the signature over every field, and reads the payment. A
 * refund has no signature, so its `req_info` is decrypted instead. The message has no timestamp, so a replay is
 * accepted: booking twice changes nothing. A signed message that reports no success has the kind `other`. The caller
 * compares the payment with the ledger.
 * @throws PARAM_ERROR when the body is not flat XML in UTF-8 or is too long, and for content in an unknown format
 * @throws FORBIDDEN when the message is not signed or not encrypted with our key, or is a refund of another merchant
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935221
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935223
 */
export function openPayNotificationV2(
  body: Buffer,
  { apiV2Key, mchId }: { apiV2Key: string; mchId: string },
): PayNotificationV2 {
  const xml = textOf(body);
  const fields = readFields(xml);
  if (fields.req_info !== undefined) {
    if (fields.mch_id !== mchId) throw new AppError('FORBIDDEN', 'The refund belongs to another merchant');
    return { kind: 'refund-claim', refund: openRefund(fields.req_info, apiV2Key, mchId) } as PayNotificationV2;
  }
  if (!isSigned(fields, apiV2Key)) throw new AppError('FORBIDDEN', 'The signature is not valid');
  if (fields.return_code !== 'SUCCESS' || fields.result_code !== 'SUCCESS') {
    const id = createHash('sha256').update(body).digest('hex');
    return { kind: 'other', id, eventType: 'PAYMENT.FAIL', plaintext: xml } as PayNotificationV2;
  }
  // A notification has no `trade_state`, because WeChat Pay notifies only of success.
  const transaction = readTransactionV2(fields, 'SUCCESS');
  if (transaction?.payment && transaction.tradeState === 'SUCCESS')
    return { kind: 'payment', transaction } as PayNotificationV2;
  throw new AppError('PARAM_ERROR', 'The notification contains no successful payment');
}

function textOf(body: Buffer): string {
  if (body.length > MAX_BYTES) throw new AppError('PARAM_ERROR', 'The notification is longer than 64 KiB');
  try {
    return utf8.decode(body);
  } catch (cause) {
    throw new AppError('PARAM_ERROR', 'The notification is not UTF-8', { cause });
  }
}

function openRefund(reqInfo: string, apiV2Key: string, mchId: string): WechatRefund {
  const refund = readRefundNoticeV2(openReqInfo(reqInfo, apiV2Key), mchId);
  if (refund) return refund;
  throw new AppError('PARAM_ERROR', 'The notification contains no refund of a known form');
}

/** Decrypts `req_info`. With a wrong key, the padding can be valid by chance, but the result is never valid XML. */
function openReqInfo(reqInfo: string, apiV2Key: string): V2Fields {
  try {
    return readFields(decryptReqInfo(apiV2Key, reqInfo), 'root');
  } catch (cause) {
    throw new AppError('FORBIDDEN', 'Our key does not decrypt the refund', { cause });
  }
}
