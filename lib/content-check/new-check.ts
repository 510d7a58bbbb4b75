import { AppError } from '../core/errors.ts';
import { randomId } from '../core/ids.ts';
import type { Runtime } from '../core/runtime.ts';
import type { TokenOwner } from '../platform-token/owner.ts';
import type { Account } from '../store/accounts.ts';
import type { ContentCheck } from '../store/content-checks.ts';
import { openIdOf } from '../store/identities.ts';
import type { PlatformDeps, WechatApp } from '../wechat/client.ts';
import type { ContentScene } from '../wechat/content-check.ts';
import { countUnchecked, type ConcludeDeps } from './conclude.ts';

export type CheckDeps = ConcludeDeps &
  PlatformDeps &
  Pick<Runtime, 'randomBytes'> & { app: WechatApp; accessToken: TokenOwner };

/** Content of a user that other users will see. */
export type UserContent = {
  author: Pick<Account, 'id' | 'identities'>;
  scene: ContentScene;
} & Subject;

/** A part of the profile, an uploaded picture, or content of a team. Events contain the name that the team gave it. */
type Subject =
  { kind: 'nickname' | 'avatar' } | { kind: 'upload'; uploadId: string } | { kind: 'own'; subject: string };

/** A check that can be requested: its author has an openid in the mini-program. */
export type OpenCheck = ContentCheck & { openId: string };

const CHECK_ID_LENGTH = 32;

/**
 * Returns a check that is not stored yet. The check of an upload has the id of the upload.
 * @returns undefined, after counting the content, if the author has no openid in the mini-program
 */
export function newCheck(
  deps: CheckDeps,
  { author, scene, ...about }: UserContent,
  content: NonNullable<ContentCheck['content']>,
): OpenCheck | undefined {
  const openId = openIdOf(author, deps.app.appId);
  if (openId === undefined) return void countUnchecked('no-openid');
  const { kind } = about;
  return {
    checkId: kind === 'upload' ? about.uploadId : randomId(deps.randomBytes, CHECK_ID_LENGTH),
    userId: author.id,
    kind,
    ...(kind === 'own' && { subject: about.subject }),
    scene,
    openId,
    content,
    state: 'pending',
    createdAt: new Date(deps.now()).toISOString(),
  };
}

/**
 * Logs that WeChat cannot check a content now. A wrong setting of the operator does not stop the user either.
 * @throws an error about the content itself, and every unexpected error
 */
export function logUnavailable({ log }: CheckDeps, { checkId, kind }: ContentCheck, error: unknown): undefined {
  if (!(error instanceof AppError) || error.code === 'PARAM_ERROR') throw error;
  log[error.code === 'WECHAT_CONFIG' ? 'error' : 'warn']('content-check.failed', { checkId, kind, error });
}
