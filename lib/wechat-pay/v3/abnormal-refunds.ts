import { constants, publicEncrypt } from 'node:crypto';
import { badSetting } from '../../core/config.ts';
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
 * encrypted for WeChat Pay.
 * @throws NOT_CONFIGURED for a card when PAY_PUBLIC_KEY is not set
 * @throws FORBIDDEN, NOT_FOUND, ORDER_STATE_CONFLICT, WECHAT_CONFIG, INTERNAL when WeChat Pay declines the request
 * @throws RATE_LIMITED, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT when the outcome is unknown
 * @see https://pay.weixin.qq.com/docs/merchant/apis/refund/refunds/create-abnormal-refund.html
 */
export async function applyAbnormalRefund(
  deps: PayV3Deps,
  { outRefundNo, refundId }: { outRefundNo: string; refundId: string },
  target: RefundTarget,
): Promise<Verified<WechatRefund>> {
  const path = `/v3/refund/domestic/refunds/${encodeURIComponent(refundId)}/apply-abnormal-refund`;
  const body = { out_refund_no: outRefundNo, type: target.type, ...(await cardFields(deps, target)) };
  return readRefundAnswer(await callPay(deps, { method: 'POST', path, body }), deps, outRefundNo);
}

/** The request names the key by its header `Wechatpay-Serial`, which every request with a public key has. */
async function cardFields({ platformKeyId, platformKeys }: PayV3Deps, target: RefundTarget) {
  if (target.type === 'MERCHANT_BANK_CARD') return {};
  const key = platformKeyId === undefined ? undefined : await platformKeys(platformKeyId);
  if (!key) throw badSetting('PAY_PUBLIC_KEY', 'is not set, and encrypts the card; or use the merchant platform');
  const encrypted = (text: string) =>
    publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, Buffer.from(text)).toString(
      'base64',
    );
  const { bankType, bankAccount, realName } = target;
  return { bank_type: bankType, bank_account: encrypted(bankAccount), real_name: encrypted(realName) };
}
