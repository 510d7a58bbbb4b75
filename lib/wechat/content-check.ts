import { AppError } from '../core/errors.ts';
import { callPlatform, requireString, type PlatformAnswer, type PlatformDeps, type WechatApp } from './client.ts';
import { recordOf, textOf, withoutEscapes } from './json.ts';
import { errcodeOf } from './platform-error.ts';

/** The place of the content. WeChat applies different rules to each place. */
export type ContentScene = 'profile' | 'comment' | 'forum' | 'social-log';

/** A text of a user. `openId` is the openid of the author in the mini-program. */
export interface TextToCheck {
  openId: string;
  scene: ContentScene;
  content: string;
  /** The name of the author, which WeChat checks too. */
  nickname?: string | undefined;
}

/** A picture of a user, at an address that WeChat can fetch without a redirect. */
export interface PictureToCheck {
  openId: string;
  scene: ContentScene;
  url: string;
}

/**
 * The result of a check. `review`: WeChat is not sure. The label names the kind of the content, such as 100 for normal and
 * 20002 for pornography.
 */
interface Verdict {
  suggest: 'pass' | 'review' | 'risky';
  label: string;
}

/**
 * The reasons why WeChat checks no content of a user. `not-seen`: the user did not open the mini-program within the last
 * two hours. `unchecked`: the openid is not of this mini-program.
 */
type NotCheckable = { outcome: 'not-seen' } | { outcome: 'unchecked' };

export type TextOutcome = NotCheckable | ({ outcome: 'checked' } & Verdict);
/** `accepted`: the verdict follows in the push `wxa_media_check`, which contains the trace. */
export type PictureOutcome = NotCheckable | { outcome: 'accepted'; traceId: string };

/** The app of a call, and its access token. */
export interface CheckAccess {
  app: WechatApp;
  accessToken: string;
}

/** Maximum length of a text, in characters. */
const MAX_CONTENT = 2_500;

const SCENES: Record<ContentScene, number> = { profile: 1, comment: 2, forum: 3, 'social-log': 4 };
const PICTURE = 2;
const NOT_SEEN = 61010;
const NOT_THIS_APP = new Set<number | undefined>([40003, 43104]);
/** Version 1 returns a risky content as an error. */
const RISKY_CONTENT = 87014;

/**
 * Checks a text. Control characters are sent as spaces, because WeChat rejects their escapes.
 * @throws PARAM_ERROR for an empty text and a text of more than 2,500 characters
 * @throws RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT; token errors pass through to the token owner
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/sec-center/sec-check/api_msgseccheck.md
 */
export async function checkTextAtWechat(
  deps: PlatformDeps,
  { app, accessToken, text }: CheckAccess & { text: TextToCheck },
): Promise<TextOutcome> {
  const { openId, scene, content, nickname } = text;
  const cleaned = withoutEscapes(content);
  if (cleaned.trim() === '' || [...cleaned].length > MAX_CONTENT) {
    throw new AppError(
      'PARAM_ERROR',
      `A text to check must have 1 to ${MAX_CONTENT} characters; check a longer text in parts`,
    );
  }
  const body = {
    version: 2,
    openid: openId,
    scene: SCENES[scene],
    content: cleaned,
    ...(nickname !== undefined && { nickname: withoutEscapes(nickname) }),
  };
  const query = { access_token: accessToken };
  try {
    const answer = await callPlatform(deps, { app, method: 'POST', path: '/wxa/msg_sec_check', query, body });
    return { outcome: 'checked', ...readVerdict(answer) };
  } catch (error) {
    if (errcodeOf(error) === RISKY_CONTENT) return { outcome: 'checked', suggest: 'risky', label: '' };
    return notCheckable(error);
  }
}

/**
 * Requests the check of one picture: JPEG, PNG, BMP or the first frame of a GIF, of at most 10 MB. A repeated request has
 * another trace and a second push.
 * @throws RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT; token errors pass through to the token owner
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/sec-center/sec-check/api_mediacheckasync
 */
export async function checkPictureAtWechat(
  deps: PlatformDeps,
  { app, accessToken, picture: { openId, scene, url } }: CheckAccess & { picture: PictureToCheck },
): Promise<PictureOutcome> {
  const body = { media_url: url, media_type: PICTURE, version: 2, scene: SCENES[scene], openid: openId };
  const query = { access_token: accessToken };
  try {
    const answer = await callPlatform(deps, { app, method: 'POST', path: '/wxa/media_check_async', query, body });
    return { outcome: 'accepted', traceId: requireString(answer, 'trace_id') };
  } catch (error) {
    return notCheckable(error);
  }
}

/** @throws the error, unless it is about the user of the content */
function notCheckable(error: unknown): NotCheckable {
  const errcode = errcodeOf(error);
  if (errcode === NOT_SEEN) return { outcome: 'not-seen' };
  if (NOT_THIS_APP.has(errcode)) return { outcome: 'unchecked' };
  throw error;
}

/**
 * Reads the verdict from `result`. An unknown verdict counts as `review`, and so does a `pass` that no check of `detail`
 * supports: an entry with an errcode did not run.
 */
function readVerdict({ result, detail }: PlatformAnswer): Verdict {
  const { suggest, label } = recordOf(result);
  const ran = !Array.isArray(detail) || detail.some((entry) => Number(recordOf(entry)['errcode'] ?? 0) === 0);
  const known = suggest === 'risky' || (suggest === 'pass' && ran) ? suggest : 'review';
  return { suggest: known, label: textOf(label) };
}
