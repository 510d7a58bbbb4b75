import { firstBytes, peek } from '../../core/chunks.ts';
import { AppError } from '../../core/errors.ts';
import type { StartDownload } from '../../core/outbound.ts';
import type { Runtime } from '../../core/runtime.ts';
import { noBillError, errorOfPayCode } from '../errors.ts';
import { readFields, writeFields } from './fields.ts';
import { signFields } from './sign.ts';

export type BillV2Deps = Pick<Runtime, 'randomBytes'> & {
  startDownload: StartDownload;
  mchId: string;
  /** Any app of the merchant: the bill is of all of them. */
  appId: string;
  apiV2Key: string;
  payBaseUrl: string;
};

const PATH = '/pay/downloadbill';
const IDLE_MS = 10_000;
const HEAD_BYTES = 64;
const MAX_ERROR_BYTES = 64 * 1024;

/**
 * Opens the trade bill of a day (`yyyy-mm-dd` of Beijing), all payments and refunds of it (pay 5.5). The answer is the
 * file, without signature or hash, or XML when there is none.
 * @returns `none` when there was no transaction, `creating` when the bill is not ready (pay 5.6)
 * @throws PARAM_ERROR, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT, the last two also from the body
 */
export async function openTradeBillV2(
  deps: BillV2Deps,
  date: string,
): Promise<{ body: AsyncIterable<Buffer> } | 'none' | 'creating'> {
  const { status, body } = await deps.startDownload({
    method: 'POST',
    url: new URL(deps.payBaseUrl + PATH),
    idleMs: IDLE_MS,
    headers: { 'content-type': 'text/xml; charset=utf-8', 'user-agent': 'wechat-lambda' },
    body: signedBody(deps, date),
  });
  const { head, all } = await peek(body, HEAD_BYTES);
  // A bill begins with a BOM and a column name, or with the magic number of gzip.
  if (status === 200 && !head.toString('utf8').trimStart().startsWith('<')) return { body: all };
  return readErrorAnswer(status, (await firstBytes(all, MAX_ERROR_BYTES)).toString('utf8'));
}

function signedBody({ mchId, appId, apiV2Key, randomBytes }: BillV2Deps, date: string): string {
  const fields = {
    appid: appId,
    mch_id: mchId,
    nonce_str: randomBytes(16).toString('hex'),
    sign_type: 'HMAC-SHA256',
    bill_date: date.replaceAll('-', ''),
    bill_type: 'ALL',
    tar_type: 'GZIP',
  };
  return writeFields({ ...fields, sign: signFields(fields, apiV2Key, 'HMAC-SHA256') });
}

/** An error answer has no code, only a text, which is not always spelled alike (pay 5.6). */
function readErrorAnswer(status: number, text: string): 'none' | 'creating' {
  const message = messageOf(text);
  const words = message.toLowerCase().replaceAll(/[^a-z]/g, '');
  if (words.includes('nobillexist')) return 'none';
  if (words.includes('billcreating')) return 'creating';
  const cause = errorOfPayCode('INVALID_REQUEST', `${PATH}, ${status}, ${message}`);
  if (words.includes('billdate') || message.includes('日期')) throw noBillError(cause);
  throw errorOfPayCode(/sign|签名/i.test(message) ? 'SIGNERROR' : 'NO_CODE', `${PATH}, ${status}, ${message}`);
}

function messageOf(text: string): string {
  try {
    return readFields(text.trim())['return_msg'] ?? '';
  } catch (cause) {
    throw new AppError('WECHAT_UNAVAILABLE', 'The answer of WeChat Pay is neither a bill nor XML of API v2', { cause });
  }
}
