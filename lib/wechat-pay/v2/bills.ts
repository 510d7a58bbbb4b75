import { firstBytes, peek } from '../../core/chunks.ts';
import { AppError } from '../../core/errors.ts';
import type { StartDownload } from '../../core/outbound.ts';
import type { Runtime } from '../../core/runtime.ts';
import { billError, errorOfText } from '../errors.ts';
import { sendToEitherHost } from '../retry.ts';
import { readFields, writeFields } from './fields.ts';
import { signFields } from './sign.ts';

export type BillV2Deps = Pick<Runtime, 'randomBytes'> & {
  startDownload: StartDownload;
  mchId: string;
  /** Any app of the merchant. The bill covers all apps. */
  appId: string;
  apiV2Key: string;
  payBaseUrl: string;
};

const PATH = '/pay/downloadbill';
const IDLE_MS = 10_000;
const HEAD_BYTES = 64;
const MAX_ERROR_BYTES = 64 * 1024;

/**
 * Opens the trade bill of a day, with all payments and refunds. The response is the file, without signature or hash, or
 * XML when WeChat Pay has no file.
 * @param date `yyyy-mm-dd` in Beijing
 * @returns the body of the bill, `none` for a day without transactions, `creating` while the bill is not ready
 * @throws PARAM_ERROR when WeChat Pay has no bills of such a day
 * @throws WECHAT_CONFIG; WECHAT_UNAVAILABLE and WECHAT_TIMEOUT, also while the body is read
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935219
 */
export async function openTradeBillV2(
  deps: BillV2Deps,
  date: string,
): Promise<{ body: AsyncIterable<Buffer> } | 'none' | 'creating'> {
  const { status, body } = await sendToEitherHost(deps.payBaseUrl, (host) =>
    deps.startDownload({
      method: 'POST',
      url: new URL(host + PATH),
      idleMs: IDLE_MS,
      headers: { 'content-type': 'text/xml; charset=utf-8', 'user-agent': 'wechat-lambda' },
      body: signedBody(deps, date),
    }),
  );
  const { head, all } = await peek(body, HEAD_BYTES);
  // A bill begins with a BOM and a column name, or with the magic number of gzip. XML begins with `<`.
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

/** Interprets an error response. The response has a text but no code, and the spelling of the text varies. */
function readErrorAnswer(status: number, text: string): 'none' | 'creating' {
  const message = messageOf(text);
  const words = message.toLowerCase().replaceAll(/[^a-z]/g, '');
  if (words.includes('nobillexist')) return 'none';
  if (words.includes('billcreating')) return 'creating';
  throw billError(errorOfText(message, `${PATH}, ${status}`));
}

function messageOf(text: string): string {
  try {
    return readFields(text.trim())['return_msg'] ?? '';
  } catch (cause) {
    throw new AppError('WECHAT_UNAVAILABLE', 'WeChat Pay returned neither a bill nor XML of API v2; retry later', {
      cause,
    });
  }
}
