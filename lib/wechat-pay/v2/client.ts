import { AppError } from '../../core/errors.ts';
import type { Runtime } from '../../core/runtime.ts';
import { errorOfPayCode, errorOfText } from '../errors.ts';
import { sendWithRetry, TIMEOUT_MS } from '../retry.ts';
import type { Verified } from '../verified.ts';
import { readFields, writeFields, type V2Fields } from './fields.ts';
import { isSigned, signFields } from './sign.ts';

export type PayV2Deps = Pick<Runtime, 'send' | 'sleep' | 'now' | 'randomBytes' | 'log'> & {
  mchId: string;
  apiV2Key: string;
  payBaseUrl: string;
};

export interface PayV2Call {
  path: '/pay/unifiedorder' | '/pay/orderquery' | '/pay/closeorder' | '/pay/refundquery';
  /** The fields without the merchant and the signature. Empty fields are not sent. */
  fields: V2Fields;
}

/** Calls that change something at WeChat. */
const CHANGES = new Set<PayV2Call['path']>(['/pay/unifiedorder', '/pay/closeorder']);

/**
 * Calls API v2. Returns the fields of a response that is signed, matches the merchant and the app, and reports success.
 * A call with an unknown outcome is retried once with the same bytes, because every call here is idempotent by its
 * order or refund number.
 * @throws the error of errorOfPayCode for `err_code`
 * @throws the error of errorOfText for `return_msg`, when WeChat Pay rejects the request without a signature
 * @throws WECHAT_TIMEOUT, WECHAT_UNAVAILABLE when the outcome is unknown
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935214
 */
export async function callPayV2(deps: PayV2Deps, { path, fields }: PayV2Call): Promise<Verified<V2Fields>> {
  const body = signedBody(deps, fields);
  return sendWithRetry(deps, { path, changes: CHANGES.has(path) }, async (payBaseUrl) =>
    readAnswer(deps, { path, fields }, await post({ ...deps, payBaseUrl }, path, body)),
  );
}

/**
 * Returns the signed body. The signature covers the fields as WeChat reads them: without empty fields, and without
 * characters that XML forbids.
 */
function signedBody({ mchId, apiV2Key, randomBytes }: PayV2Deps, fields: V2Fields): string {
  const nonce = randomBytes(16).toString('hex');
  const asRead = readFields(writeFields({ ...fields, mch_id: mchId, nonce_str: nonce, sign_type: 'HMAC-SHA256' }));
  return writeFields({ ...asRead, sign: signFields(asRead, apiV2Key, 'HMAC-SHA256') });
}

/** Sends the body and returns the text of the response. @throws WECHAT_TIMEOUT, WECHAT_UNAVAILABLE */
async function post({ send, payBaseUrl }: PayV2Deps, path: string, body: string): Promise<string> {
  const answer = await send({
    method: 'POST',
    url: new URL(payBaseUrl + path),
    timeoutMs: TIMEOUT_MS,
    headers: { 'content-type': 'text/xml; charset=utf-8', 'user-agent': 'wechat-lambda' },
    body,
  });
  if (answer.status !== 200) throw unknownOutcome(`WeChat Pay returned HTTP ${answer.status}; expected 200`);
  return answer.body.toString('utf8');
}

/**
 * Checks a response in the documented order. An unsigned response never proves success; it can only prove that WeChat
 * Pay rejected the request.
 */
function readAnswer({ mchId, apiV2Key }: PayV2Deps, { path, fields }: PayV2Call, xml: string): Verified<V2Fields> {
  const answer = fieldsOf(xml);
  const { return_msg = '', mch_id: forMerchant = mchId, appid: forApp = fields.appid } = answer;
  if (answer.return_code === 'FAIL') throw errorOfText(return_msg, path);
  if (!isSigned(answer, apiV2Key))
    throw unknownOutcome('The response of WeChat Pay has no valid signature; check PAY_API_V2_KEY');
  if (forMerchant !== mchId || forApp !== fields.appid)
    throw unknownOutcome('The response of WeChat Pay belongs to another merchant or app; check PAY_MCH_ID');
  if (answer.result_code === 'SUCCESS') return answer;
  const { err_code = 'NO_CODE', err_code_des, result_msg } = answer;
  throw errorOfPayCode(err_code, path, { text: err_code_des ?? result_msg });
}

function fieldsOf(xml: string): V2Fields {
  try {
    return readFields(xml);
  } catch (cause) {
    throw unknownOutcome('The response of WeChat Pay is not XML of API v2', cause);
  }
}

function unknownOutcome(message: string, cause?: unknown): AppError {
  return new AppError('WECHAT_UNAVAILABLE', message, { cause });
}
