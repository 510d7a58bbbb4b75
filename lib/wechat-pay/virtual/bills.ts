import { AppError, isAppError } from '../../core/errors.ts';
import { errcodeOf } from '../../wechat/platform-error.ts';
import { optionalString } from '../../wechat/client.ts';
import { callVirtual, type VirtualDeps } from './client.ts';
import { BAD_PARAMETER, BEING_MADE } from './errors.ts';

const PAUSE_MS = 10_000;
/** Requests of one link. WeChat starts to make the bill at the first request. */
const REQUESTS = 13;
const DOWNLOAD_MS = 15_000;
/** A bill has one row a day: some kilobytes. */
const MAX_BYTES = 1024 * 1024;

/**
 * Downloads the bill of a day, which covers the live environment: a workbook (XLSX) with one row of totals.
 * @param date `yyyy-mm-dd` in Beijing
 * @returns the bytes of the workbook, or undefined if WeChat has no data of the day
 * @throws WECHAT_UNAVAILABLE when WeChat is still making the bill after two minutes, or the download fails
 * @throws PARAM_ERROR when WeChat has no bills of such a day; WECHAT_TIMEOUT; the other errors of callVirtual
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_download_bill
 */
export async function downloadVirtualBill(deps: VirtualDeps, date: string): Promise<Buffer | undefined> {
  for (let requests = 1; requests <= REQUESTS; requests += 1) {
    if (requests > 1) await deps.sleep(PAUSE_MS);
    const link = await requestLink(deps, date);
    if (link === 'none') return undefined;
    if (link !== 'creating') return download(deps, link);
  }
  throw new AppError('WECHAT_UNAVAILABLE', 'The bill of virtual payment is not ready: retry in half an hour');
}

/** `none`: WeChat has no data of the day. `creating`: WeChat is still making the bill. */
async function requestLink(deps: VirtualDeps, date: string): Promise<{ url: string } | 'none' | 'creating'> {
  const day = Number(date.replaceAll('-', ''));
  try {
    const url = optionalString(await callVirtual(deps, 'download_bill', { begin_ds: day, end_ds: day }), 'url');
    return url === undefined ? 'creating' : { url };
  } catch (error) {
    if (errcodeOf(error) === BEING_MADE) return 'creating';
    if (isAppError(error, 'NOT_FOUND')) return 'none';
    if (errcodeOf(error) !== BAD_PARAMETER) throw error;
    throw new AppError('PARAM_ERROR', 'Virtual payment has no bill of such a day', {
      cause: (error as AppError).cause,
    });
  }
}

/** Requests the file. The link may lead to any host, so the request contains no secret. */
async function download({ send, apiBaseUrl }: VirtualDeps, link: { url: string }): Promise<Buffer> {
  const url = URL.canParse(link.url) ? new URL(link.url) : undefined;
  if (!url || (url.protocol !== 'https:' && url.origin !== new URL(apiBaseUrl).origin)) {
    throw new AppError('WECHAT_UNAVAILABLE', 'WeChat returned no valid link to the bill of virtual payment');
  }
  const { status, body } = await send({ method: 'GET', url, timeoutMs: DOWNLOAD_MS });
  if (status !== 200) {
    throw new AppError('WECHAT_UNAVAILABLE', 'The bill of virtual payment could not be downloaded; retry later', {
      detail: { status },
    });
  }
  if (body.length > MAX_BYTES) {
    throw new AppError('WECHAT_UNAVAILABLE', `The bill of virtual payment has more than ${MAX_BYTES} bytes`);
  }
  return body;
}
