import * as v from 'valibot';
import { AppError } from '../../errors.ts';
import { checkWechatpaySignature, type PlatformKeys, type SignedHeaders } from './open-signed.ts';
import { decryptResource } from './resource.ts';
import { readTransaction, type Transaction } from './transaction.ts';

declare const opened: unique symbol;

/** A notification that WeChat Pay signed and that was opened with our key; only openPayNotification makes one. */
export type PayNotification = { readonly [opened]: true } & (
  { kind: 'payment'; transaction: Transaction } | { kind: 'other'; id: string; eventType: string; plaintext: string }
);

const envelope = v.object({
  id: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
  event_type: v.string(),
  resource_type: v.literal('encrypt-resource'),
  resource: v.object({
    algorithm: v.literal('AEAD_AES_256_GCM'),
    ciphertext: v.string(),
    nonce: v.string(),
    associated_data: v.nullish(v.string(), ''),
  }),
});

/**
 * Raw request to typed notification (pay 4.2): signature over the raw bytes, then the envelope, then decryption with
 * its tag checked, then the content. Parsing unverified bytes is not to be had.
 * @throws FORBIDDEN for whatever WeChat did not sign or we cannot decrypt, PARAM_ERROR for signed nonsense
 */
export function openPayNotification(
  request: { headers: SignedHeaders; body: Buffer },
  keys: { platformKeys: PlatformKeys; apiV3Key: string; nowMs: number },
): PayNotification {
  checkWechatpaySignature(request, keys);
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), envelope), request.body.toString('utf8'));
  if (!parsed.success) throw new AppError('PARAM_ERROR', 'The notification has another form than expected');
  const { id, event_type: eventType, resource } = parsed.output;
  const plaintext = decrypt(keys.apiV3Key, resource);
  if (eventType !== 'TRANSACTION.SUCCESS') return { kind: 'other', id, eventType, plaintext } as PayNotification;
  const transaction = readTransaction(plaintext);
  if (transaction?.tradeState !== 'SUCCESS' || !transaction.payment) {
    throw new AppError('PARAM_ERROR', 'The notification is not about a successful payment');
  }
  return { kind: 'payment', transaction } as PayNotification;
}

function decrypt(apiV3Key: string, resource: v.InferOutput<typeof envelope>['resource']): string {
  const { ciphertext, nonce, associated_data: associatedData } = resource;
  try {
    return decryptResource(apiV3Key, { ciphertext, nonce, associatedData });
  } catch (cause) {
    throw new AppError('FORBIDDEN', 'The resource does not open with our key', { cause });
  }
}
