import * as v from 'valibot';
import { firstBytes } from '../../core/chunks.ts';
import { AppError } from '../../core/errors.ts';
import type { StartDownload } from '../../core/outbound.ts';
import { noBillError, payCodeOf } from '../errors.ts';
import { callPay, type PayV3Deps } from './client.ts';
import { errorOfResponse } from './response-error.ts';
import { authorization } from './signature.ts';

export type BillDeps = PayV3Deps & { startDownload: StartDownload };

/** A bill on its way to us; `sha1` (hex) is of what is inside. */
interface OpenedBill {
  body: AsyncIterable<Buffer>;
  sha1: string;
}

const IDLE_MS = 10_000;
const MAX_ERROR_BYTES = 64 * 1024;

const offer = v.object({
  hash_type: v.literal('SHA1'),
  hash_value: v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/i)),
  download_url: v.string(),
});

/**
 * Opens the trade bill of a day (`yyyy-mm-dd` of Beijing), all payments and refunds of it (pay 2.8).
 * @returns `none` when there was no transaction, `creating` when the bill is not ready (pay 2.10)
 * @throws PARAM_ERROR, WECHAT_CONFIG, RATE_LIMITED, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT, the last two also from the body
 */
export function openTradeBill(deps: BillDeps, date: string): Promise<OpenedBill | 'none' | 'creating'> {
  return openBill(deps, `/v3/bill/tradebill?bill_date=${date}&bill_type=ALL&tar_type=GZIP`);
}

/** Opens the fund-flow bill of a day, of the basic account (pay 2.9); otherwise as openTradeBill. */
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
    if (payCodeOf(error) === 'INVALIDREQUEST') throw noBillError(error);
    throw error;
  }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), offer), answer);
  if (!parsed.success) throw new AppError('WECHAT_UNAVAILABLE', "WeChat Pay's answer has no bill in it");
  const { hash_value: sha1, download_url: address } = parsed.output;
  return { body: await download(deps, downloadUrl(address, deps.payBaseUrl)), sha1 };
}

/** The address as it is, signed with its query; the answer is not signed, and has the hash instead (pay 1.4, 2.10). */
async function download(deps: BillDeps, url: URL): Promise<AsyncIterable<Buffer>> {
  const { status, headers, body } = await deps.startDownload({
    method: 'GET',
    url,
    idleMs: IDLE_MS,
    headers: {
      accept: '*/*',
      'user-agent': 'wechat-lambda',
      authorization: authorization(deps.merchant, { method: 'GET', url, body: '' }, deps),
    },
  });
  if (status === 200) return body;
  throw errorOfResponse({ status, headers, body: await firstBytes(body, MAX_ERROR_BYTES) });
}

const WECHAT_HOST = /(^|\.)(mch\.weixin\.qq\.com|wechatpay\.cn|tenpay\.com)$/;

/**
 * The address of a bill, if it leads to WeChat: to the host that we ask, or to one of WeChat Pay's. It came in a signed
 * answer, and what we sign is good for this path alone, for five minutes, so a stranger could win little. But a bill
 * from elsewhere is never right, and no answer should choose where this function connects to.
 * @throws WECHAT_UNAVAILABLE
 */
export function downloadUrl(address: string, payBaseUrl: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const base = new URL(payBaseUrl);
  const isOurs = url?.origin === base.origin;
  const isWechats = url?.protocol === 'https:' && url.port === '' && WECHAT_HOST.test(url.hostname);
  if (url && (isOurs || isWechats)) return url;
  throw new AppError('WECHAT_UNAVAILABLE', 'The download_url of the bill does not lead to WeChat Pay');
}
