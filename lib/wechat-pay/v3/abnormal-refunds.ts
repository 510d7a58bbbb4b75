import { constants, publicEncrypt, type KeyObject } from 'node:crypto';
import type { WechatRefund } from '../pay-api.ts';
import type { Verified } from '../verified.ts';
import { callPay, type PayV3Deps } from './client.ts';
import { readRefundAnswer } from './refunds.ts';

/**
 * The receiver of the money of an abnormal refund: the bank account of the merchant, or a debit card of the payer.
 * `bankType` is WeChat Pay's name of the bank, such as `ICBC_DEBIT`.
 */
export type RefundTarget =
  { type: 'MERCHANT_BANK_CARD' } | { type: 'USER_BANK_CARD'; bankType: string; bankAccount: string; realName: string };

/**
 * Ends an abnormal refund another way, because its money did not reach the payer. The number and the name of a card are
 * encrypted for WeChat Pay. A repeat never pays twice, because WeChat Pay accepts only ABNORMAL refunds.
 * @throws FORBIDDEN, NOT_FOUND, ORDER_STATE_CONFLICT, WECHAT_CONFIG, INTERNAL when WeChat Pay declines the request
 * @throws RATE_LIMITED, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT when the outcome is unknown
 * @see https://pay.weixin.qq.com/docs/merchant/apis/refund/refunds/create-abnormal-refund.html
 */
export async function applyAbnormalRefund(
  deps: PayV3Deps & { encryptionKey(): Promise<{ id: string; key: KeyObject }> },
  { outRefundNo, refundId }: { outRefundNo: string; refundId: string },
  target: RefundTarget,
): Promise<Verified<WechatRefund>> {
  const path = `/v3/refund/domestic/refunds/${encodeURIComponent(refundId)}/apply-abnormal-refund`;
  const body = { out_refund_no: outRefundNo, type: target.type };
  const call = { method: 'POST' as const, path };
  if (target.type === 'MERCHANT_BANK_CARD') {
    return readRefundAnswer(await callPay(deps, { ...call, body }), deps, outRefundNo);
  }
  const { id: platformKeyId, key } = await deps.encryptionKey();
  const card = {
    bank_type: target.bankType,
    bank_account: encryptSensitive(key, target.bankAccount),
    real_name: encryptSensitive(key, target.realName),
  };
  // Wechatpay-Serial names the key that encrypted the card.
  const personal = [target.bankAccount, target.realName];
  const answer = await callPay({ ...deps, platformKeyId }, { ...call, body: { ...body, ...card }, personal });
  return readRefundAnswer(answer, deps, outRefundNo);
}

/**
 * Encrypts a text of at most 214 bytes for WeChat Pay.
 * @see https://pay.weixin.qq.com/doc/v3/partner/4013059053
 */
export function encryptSensitive(key: KeyObject, text: string): string {
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  return publicEncrypt({ key, padding, oaepHash: 'sha1' }, Buffer.from(text)).toString('base64');
}
