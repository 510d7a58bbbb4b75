import { AppError } from '../../core/errors.ts';
import type { Runtime } from '../../core/runtime.ts';
import { errorOfPayCode } from '../errors.ts';
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
  /** Without the merchant and the signature; empty ones are not sent. */
  fields: V2Fields;
}

/** Calls that may have taken effect, whatever becomes of their repeat. */
const CHANGES = new Set<PayV2Call['path']>(['/pay/unifiedorder', '/pay/closeorder']);

/**
 * Calls API v2 and returns the fields of an answer that is signed, about our request, and a success (pay 5.1). A call
 * with an unknown outcome is sent once more, byte for byte: every call here is idempotent by its number (pay 2.13, 5.6).
 * @throws the error of errorOfPayCode for `err_code`; WECHAT_CONFIG, INTERNAL; WECHAT_TIMEOUT, WECHAT_UNAVAILABLE
 */
export async function callPayV2(deps: PayV2Deps, { path, fields }: PayV2Call): Promise<Verified<V2Fields>> {
  const body = signedBody(deps, fields);
  return sendWithRetry(deps, { path, changes: CHANGES.has(path) }, async () =>
    readAnswer(deps, { path, fields }, await post(deps, path, body)),
  );
}

/** What is signed is what WeChat will read, less the characters that XML cannot carry. */
function signedBody({ mchId, apiV2Key, randomBytes }: PayV2Deps, fields: V2Fields): string {
  const nonce = randomBytes(16).toString('hex');
  const asRead = readFields(writeFields({ ...fields, mch_id: mchId, nonce_str: nonce, sign_type: 'HMAC-SHA256' }));
  return writeFields({ ...asRead, sign: signFields(asRead, apiV2Key, 'HMAC-SHA256') });
}

/** The text of an answer. @throws WECHAT_TIMEOUT, WECHAT_UNAVAILABLE */
async function post({ send, payBaseUrl }: PayV2Deps, path: string, body: string): Promise<string> {
  const answer = await send({
    method: 'POST',
    url: new URL(payBaseUrl + path),
    timeoutMs: TIMEOUT_MS,
    headers: { 'content-type': 'text/xml; charset=utf-8', 'user-agent': 'wechat-lambda' },
    body,
  });
  if (answer.status !== 200) throw unknownOutcome(`WeChat Pay answered ${answer.status}`);
  return answer.body.toString('utf8');
}

/** In the order of pay 5.1: what is not signed says at most that nothing was done. */
function readAnswer({ mchId, apiV2Key }: PayV2Deps, { path, fields }: PayV2Call, xml: string): Verified<V2Fields> {
  const answer = fieldsOf(xml);
  const { return_msg: text = '', mch_id: forMerchant = mchId, appid: forApp = fields.appid } = answer;
  if (answer.return_code !== 'SUCCESS') throw errorOfPayCode(codeOfText(text), `${path}, ${text}`);
  if (!isSigned(answer, apiV2Key)) throw unknownOutcome('The answer of WeChat Pay is not signed as it must be');
  if (forMerchant !== mchId || forApp !== fields.appid) throw unknownOutcome('The answer is about somebody else');
  if (answer.result_code === 'SUCCESS') return answer;
  throw errorOfPayCode(answer.err_code ?? 'NO_CODE', `${path}, ${answer.err_code_des ?? ''}`);
}

function fieldsOf(xml: string): V2Fields {
  try {
    return readFields(xml);
  } catch (cause) {
    throw unknownOutcome('The answer of WeChat Pay is no XML of API v2', cause);
  }
}

/**
 * What `return_msg` means, which has no code and no signature. These are refusals of the request as a whole, before
 * anything is done; any other text may as well be an overload.
 */
const CODE_BY_TEXT: [RegExp, string][] = [
  [/签名/, 'SIGNERROR'],
  [/(mch_?id|商户号).*不存在/i, 'MCHID_NOT_EXIST'],
  [/appid.*不存在/i, 'APPID_NOT_EXIST'],
  [/(appid.*(mch_?id|商户号)|(mch_?id|商户号).*appid).*不匹配/i, 'APPID_MCHID_NOT_MATCH'],
  [/缺少参数|参数格式|格式错误/, 'PARAM_ERROR'],
];

function codeOfText(text: string): string {
  return CODE_BY_TEXT.find(([pattern]) => pattern.test(text))?.[1] ?? 'NO_CODE';
}

function unknownOutcome(message: string, cause?: unknown): AppError {
  return new AppError('WECHAT_UNAVAILABLE', message, { cause });
}
