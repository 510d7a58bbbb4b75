import * as v from 'valibot';
import { AppError } from '../../core/errors.ts';
import type { RefundFact, Transaction } from '../pay-api.ts';
import { checkWechatpaySignature, type PlatformKeys, type SignedHeaders } from './open-signed.ts';
import { readRefundNotice } from './refunds.ts';
import { openResource, sealedResource } from './resource.ts';
import { readTransaction } from './transaction.ts';

declare const opened: unique symbol;

/** A notification that WeChat Pay signed and that was opened with our key; only openPayNotification makes one. */
export type PayNotification = { readonly [opened]: true } & (
  | { kind: 'payment'; transaction: Transaction }
  | { kind: 'refund'; refund: RefundFact }
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
 * Raw request to typed notification (pay 4.2): signature over the raw bytes, then the envelope, then decryption with
 * its tag checked, then the content. Parsing unverified bytes is not to be had.
 * @throws FORBIDDEN for whatever WeChat did not sign or we cannot decrypt, PARAM_ERROR for signed nonsense, and what the
 * lookup of the signing key throws
 */
export async function openPayNotification(
  request: { headers: SignedHeaders; body: Buffer },
  keys: { platformKeys: PlatformKeys; apiV3Keys: string[]; nowMs: number },
): Promise<PayNotification> {
  await checkWechatpaySignature(request, keys);
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), envelope), request.body.toString('utf8'));
  if (!parsed.success) throw new AppError('PARAM_ERROR', 'The notification has another form than expected');
  const { id, event_type: eventType, resource } = parsed.output;
  return read(id, eventType, openResource(keys.apiV3Keys, resource)) as PayNotification;
}

function read(id: string, eventType: string, plaintext: string) {
  if (eventType === 'TRANSACTION.SUCCESS') {
    const transaction = readTransaction(plaintext);
    if (transaction?.tradeState === 'SUCCESS' && transaction.payment) return { kind: 'payment', transaction };
    throw new AppError('PARAM_ERROR', 'The notification is not about a successful payment');
  }
  if (REFUND_EVENTS.has(eventType)) {
    const refund = readRefundNotice(plaintext);
    if (refund && eventType === `REFUND.${refund.status}`) return { kind: 'refund', refund };
    throw new AppError('PARAM_ERROR', 'The notification is not about a refund');
  }
  return { kind: 'other', id, eventType, plaintext };
}
