import { joinTrace, putCheck, setCheckTrace, type ContentCheck } from '../store/content-checks.ts';
import { checkPictureAtWechat } from '../wechat/content-check.ts';
import { conclude, concludeWithoutVerdict, countUnchecked, settle } from './conclude.ts';
import { logUnavailable, newCheck, type CheckDeps, type UserContent } from './new-check.ts';
import { nextAttemptAtMs } from './next-attempt.ts';

/** WeChat sends the verdict within half an hour. */
const PUSH_WAIT_MS = 3_600_000;

/**
 * The result for a picture. `checking`: the verdict follows by push, and an event reports it. The other results as for a
 * text; they are rare, because a push seldom precedes the answer to its request.
 */
export type PictureResult = 'checking' | 'passed' | 'refused' | 'review' | 'unchecked';

/**
 * Requests the check of one picture of a user. A check that WeChat cannot take now is requested later.
 * @param deps undefined while CONTENT_CHECK is off
 * @param content `url` is an address that WeChat can fetch without a redirect
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/sec-center/sec-check/api_mediacheckasync
 */
export async function checkPicture(
  deps: CheckDeps | undefined,
  { url, ...content }: UserContent & { url: string },
): Promise<PictureResult> {
  const check = deps && newCheck(deps, content, { url });
  if (!check) return 'unchecked';
  // Stored before the request, so that a crash delays the check and does not lose it.
  await putCheck(deps.table, check, nextAttemptAtMs(check, deps.now()));
  const state = await requestPicture(deps, check, url).catch((error: unknown) => logUnavailable(deps, check, error));
  return state === undefined || state === 'pending' ? 'checking' : state;
}

/**
 * Asks WeChat for the verdict about the picture of a check. Applies the verdict of a push that arrived before the answer.
 * @returns the state of the check
 * @throws as checkPictureAtWechat
 */
export async function requestPicture(
  deps: CheckDeps,
  check: ContentCheck,
  url: string,
): Promise<ContentCheck['state']> {
  const { table, app } = deps;
  const { checkId, openId = '', scene } = check;
  const request = await deps.accessToken.withToken((accessToken) =>
    checkPictureAtWechat(deps, { app, accessToken, picture: { openId, scene, url } }),
  );
  if (request.outcome === 'not-seen') return 'pending';
  if (request.outcome === 'unchecked') return acceptUnchecked(deps, check);
  const { traceId } = request;
  await setCheckTrace(table, checkId, { traceId, dueAtMs: deps.now() + PUSH_WAIT_MS });
  const { suggest, label = '' } = await joinTrace(table, traceId, { checkId }, deps.now());
  return suggest === undefined ? 'pending' : settle(deps, check, { traceId, suggest, label });
}

/** Accepts content whose openid WeChat does not know. A team decides about its own content. */
export function acceptUnchecked(deps: CheckDeps, check: ContentCheck): Promise<ContentCheck['state']> {
  if (check.kind === 'own') return concludeWithoutVerdict(deps, check, 'no-openid');
  countUnchecked('no-openid');
  return conclude(deps, check, 'passed');
}
