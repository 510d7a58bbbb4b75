import { putCheck, type ContentCheck } from '../store/content-checks.ts';
import { checkTextAtWechat, type TextOutcome } from '../wechat/content-check.ts';
import { countUnchecked } from './conclude.ts';
import { logUnavailable, newCheck, type CheckDeps, type UserContent } from './new-check.ts';
import { nextAttemptAtMs } from './next-attempt.ts';

/**
 * The result for a text. `review`: WeChat is not sure. `later`: WeChat cannot check the text now. It is checked later, and an
 * event reports the result. `unchecked`: the author has no openid in the mini-program, or CONTENT_CHECK is off.
 */
export type TextResult = 'passed' | 'refused' | 'review' | 'later' | 'unchecked';

const RESULTS = { pass: 'passed', review: 'review', risky: 'refused' } as const;

/**
 * Checks a text of a user, before it is stored.
 * @param deps undefined while CONTENT_CHECK is off
 * @throws PARAM_ERROR for an empty text and a text of more than 2,500 characters
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/sec-center/sec-check/api_msgseccheck.md
 */
export async function checkText(
  deps: CheckDeps | undefined,
  { text, ...content }: UserContent & { text: string },
): Promise<TextResult> {
  // The table cannot store half of a character.
  const check = deps && newCheck(deps, content, { text: text.toWellFormed() });
  if (!check) return 'unchecked';
  const outcome = await askAboutText(deps, check, text).catch((error: unknown) => logUnavailable(deps, check, error));
  if (outcome?.outcome === 'checked') return RESULTS[outcome.suggest];
  if (outcome?.outcome === 'unchecked') {
    countUnchecked('no-openid');
    return 'unchecked';
  }
  await putCheck(deps.table, check, nextAttemptAtMs(check, deps.now()));
  return 'later';
}

/** Asks WeChat about the text of a check. @throws as checkTextAtWechat */
export function askAboutText(
  deps: CheckDeps,
  { openId = '', scene, kind }: ContentCheck,
  text: string,
): Promise<TextOutcome> {
  const request = { openId, scene, content: text, ...(kind === 'nickname' && { nickname: text }) };
  return deps.accessToken.withToken((accessToken) =>
    checkTextAtWechat(deps, { app: deps.app, accessToken, text: request }),
  );
}
