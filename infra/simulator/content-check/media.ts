import { readLoopbackUrl } from '../loopback.ts';
import { isPicture } from '../picture-type.ts';
import type { XmlFields } from '../xml.ts';
import type { Verdict, Verdicts } from './verdicts.ts';

/** The errcode of a file that WeChat cannot fetch, and the same number in version 1, without a sign. */
const NOT_FETCHED = { errcode: -1008, statusCode: 4_294_966_288 };

const deadlineMs = 5_000;
const maxBytes = 10 * 1024 * 1024;

/** The outcome of one check; undefined if the file cannot be fetched. */
export type MediaVerdict = Verdict | undefined;

/** Fetches a picture or an audio file and judges its bytes and its address. */
export async function judgeMedia(
  verdicts: Verdicts,
  { url, isAudio, servedAt = (address) => address }: { url: string; isAudio: boolean; servedAt?(url: string): string },
): Promise<MediaVerdict> {
  const address = servedAt(url);
  // The simulator requests no address outside this machine: it judges the address alone.
  if (!isOfThisMachine(address)) return verdicts.judge(url);
  const bytes = await download(address);
  return bytes && (isAudio || isPicture(bytes)) ? verdicts.judge(url, bytes) : undefined;
}

/** The fields of the push with the outcome. */
export function mediaCheckFields(
  verdict: MediaVerdict,
  { appId, traceId, version }: { appId: string; traceId: string; version: 1 | 2 },
): XmlFields {
  const about = { appid: appId, trace_id: traceId };
  if (version === 1) {
    const statusCode = verdict ? 0 : NOT_FETCHED.statusCode;
    return {
      isrisky: verdict && verdict.suggest !== 'pass' ? 1 : 0,
      extra_info_json: '',
      ...about,
      status_code: statusCode,
    };
  }
  if (!verdict) return { ...about, version, errcode: NOT_FETCHED.errcode, errmsg: 'download media fail', detail: [] };
  const { suggest, label } = verdict;
  const detail = [{ strategy: 'content_model', errcode: 0, suggest, label, prob: 90 }];
  return { ...about, version, detail, errcode: 0, errmsg: 'ok', result: { suggest, label } };
}

function isOfThisMachine(address: string): boolean {
  try {
    return readLoopbackUrl(address, 'media_url').pathname !== '';
  } catch {
    return false;
  }
}

/** Downloads a file without redirects; undefined if it cannot be fetched or is larger than 10 MB. */
async function download(url: string): Promise<Buffer | undefined> {
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(deadlineMs) });
    const bytes = Buffer.from(await response.arrayBuffer());
    return response.status === 200 && bytes.length <= maxBytes ? bytes : undefined;
  } catch {
    return undefined;
  }
}
