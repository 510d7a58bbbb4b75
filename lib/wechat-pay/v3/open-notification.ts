import * as v from 'valibot';
import { AppError } from '../../core/errors.ts';
import type { WechatRefund, Transaction } from '../pay-api.ts';
import type { Verified } from '../verified.ts';
import { assertWechatpaySignature, type PlatformKeys, type SignedHeaders } from './verify-signature.ts';
import { readRefundNotice } from './refunds.ts';
import { openResource, sealedResource } from './resource.ts';
import { readTransaction } from './transaction.ts';

declare const opened: unique symbol;

/** A notification that WeChat Pay signed, opened with our key. Only openPayNotification creates values of this type. */
export type PayNotification = { readonly [opened]: true } & (
  | { kind: 'payment'; transaction: Verified<Transaction> }
  | { kind: 'refund'; refund: Verified<WechatRefund> }
  | { kind: 'other'; id: string; eventType: string; plaintext: string }
);

const REFUND_EVENTS = new Set(['REFUND.SUCCESS', 'REFUND.ABNORMAL', 'REFUND.CLOSED']);

const envelope = v.object({
  id: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
  event_type: v.string(),
  resource_type: v.literal('encrypt-resource'),
  resource: sealedResource,
});

/**
 * Opens a notification: verifies the signature over the raw bytes, parses the envelope, decrypts and authenticates the
 * resource, and reads its content. Unverified bytes are never parsed.
 * @throws FORBIDDEN when WeChat Pay did not sign the request, or our key does not decrypt the resource
 * @throws PARAM_ERROR for signed content in an unknown format; the errors of the key lookup
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012075420
 */
export async function openPayNotification(
  request: { headers: SignedHeaders; body: Buffer },
  keys: { platformKeys: PlatformKeys; apiV3Keys: string[]; nowMs: number },
): Promise<PayNotification> {
  await assertWechatpaySignature(request, keys);
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), envelope), request.body.toString('utf8'));
  if (!parsed.success) throw new AppError('PARAM_ERROR', 'The notification does not have the format of API v3');
  const { id, event_type: eventType, resource } = parsed.output;
  return readContent(id, eventType, openResource(keys.apiV3Keys, resource) as Verified<string>) as PayNotification;
}

function readContent(id: string, eventType: string, plaintext: Verified<string>) {
  if (eventType === 'TRANSACTION.SUCCESS') {
    const transaction = readTransaction(plaintext);
    if (transaction?.tradeState === 'SUCCESS' && transaction.payment) return { kind: 'payment', transaction };
    throw new AppError('PARAM_ERROR', 'The notification contains no successful payment');
  }
  if (REFUND_EVENTS.has(eventType)) {
    const refund = readRefundNotice(plaintext);
    if (refund && eventType === `REFUND.${refund.status}`) return { kind: 'refund', refund };
    throw new AppError('PARAM_ERROR', 'The notification contains no refund in the announced status');
  }
  return { kind: 'other', id, eventType, plaintext };
}
