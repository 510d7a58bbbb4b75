import * as v from 'valibot';
import { firstBytes } from '../../core/chunks.ts';
import { AppError } from '../../core/errors.ts';
import type { StartDownload } from '../../core/outbound.ts';
import { billError, payCodeOf } from '../errors.ts';
import { callPay, type PayV3Deps } from './client.ts';
import { sendToEitherHost } from '../retry.ts';
import { errorOfResponse } from './response-error.ts';
import { authorization } from './signature.ts';

export type BillDeps = PayV3Deps & { startDownload: StartDownload };

/** A bill during its download. `sha1` (hex) is the hash of the uncompressed content. */
interface OpenedBill {
  body: AsyncIterable<Buffer>;
  sha1: string;
}

const IDLE_MS = 10_000;
const MAX_ERROR_BYTES = 64 * 1024;

const linkSchema = v.object({
  hash_type: v.literal('SHA1'),
  hash_value: v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/i)),
  download_url: v.string(),
});

/**
 * Opens the trade bill of a day, with all payments and refunds.
 * @param date `yyyy-mm-dd` in Beijing
 * @returns the body of the bill and its hash, `none` for a day without transactions, `creating` while the bill is not
 * ready
 * @throws PARAM_ERROR when WeChat Pay has no bills of such a day
 * @throws WECHAT_CONFIG, FORBIDDEN, INTERNAL, RATE_LIMITED; WECHAT_UNAVAILABLE and WECHAT_TIMEOUT, also while the body
 * is read
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071227
 */
export function openTradeBill(deps: BillDeps, date: string): Promise<OpenedBill | 'none' | 'creating'> {
  return openBill(deps, `/v3/bill/tradebill?bill_date=${date}&bill_type=ALL&tar_type=GZIP`);
}

/**
 * Opens the fund-flow bill of the basic account for a day. Parameters, results and errors are those of openTradeBill.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071235
 */
export function openFundFlowBill(deps: BillDeps, date: string): Promise<OpenedBill | 'none' | 'creating'> {
  return openBill(deps, `/v3/bill/fundflowbill?bill_date=${date}&account_type=BASIC&tar_type=GZIP`);
}

async function openBill(deps: BillDeps, path: string): Promise<OpenedBill | 'none' | 'creating'> {
  let answer: string;
  try {
    answer = await callPay(deps, { method: 'GET', path });
  } catch (error) {
    if (payCodeOf(error) === 'NOSTATEMENTEXIST') return 'none';
    if (payCodeOf(error) === 'STATEMENTCREATING') return 'creating';
    throw billError(error);
  }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), linkSchema), answer);
  if (!parsed.success) throw new AppError('WECHAT_UNAVAILABLE', 'WeChat Pay returned no valid link to the bill');
  const { hash_value: sha1, download_url: address } = parsed.output;
  return { body: await download(deps, downloadUrl(address, deps.payBaseUrl)), sha1 };
}

/**
 * Requests the file. Our signature covers the URL exactly as WeChat Pay returned it. The response is unsigned; the hash
 * protects its content.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071238
 */
async function download(deps: BillDeps, url: URL): Promise<AsyncIterable<Buffer>> {
  const { status, headers, body } = await sendToEitherHost(url.origin, (host) =>
    deps.startDownload({
      method: 'GET',
      url: new URL(host + url.pathname + url.search),
      idleMs: IDLE_MS,
      headers: {
        accept: '*/*',
        'user-agent': 'wechat-lambda',
        authorization: authorization(deps.merchant, { method: 'GET', url, body: '' }, deps),
      },
    }),
  );
  if (status === 200) return body;
  throw errorOfResponse({ status, headers, body: await firstBytes(body, MAX_ERROR_BYTES) });
}

const WECHAT_HOST = /(^|\.)(mch\.weixin\.qq\.com|wechatpay\.cn|tenpay\.com)$/;

/**
 * Returns the URL of a bill if its host is the configured host or a host of WeChat Pay. Even a signed response must not
 * direct the signed download request to any other host.
 * @throws WECHAT_UNAVAILABLE for any other host
 */
export function downloadUrl(address: string, payBaseUrl: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const base = new URL(payBaseUrl);
  const isConfiguredHost = url?.origin === base.origin;
  const isWechatHost = url?.protocol === 'https:' && url.port === '' && WECHAT_HOST.test(url.hostname);
  if (url && (isConfiguredHost || isWechatHost)) return url;
  throw new AppError('WECHAT_UNAVAILABLE', 'The host in the download_url of the bill does not belong to WeChat Pay');
}
