import { recordFollow, eraseWechatProfile, requestProfileSync, requestUnionId } from '../identity/following.ts';
import type { Runtime } from '../core/runtime.ts';
import { tapChoice, typeChoice } from '../scan-login/choose.ts';
import { recordScan, type ScanDeps } from '../scan-login/record-scan.ts';
import { ticketOfScene } from '../scan-login/ticket.ts';
import { claim } from '../store/claims.ts';
import type { OfficialPush } from '../wechat/official-push.ts';
import type { Reply } from '../wechat/official-reply.ts';
import { handlePush } from './handle-push.ts';
import { loginReply, readChoice } from './login-reply.ts';
import { replyTo, type Replies } from './reply-to.ts';

export type PushDeps = ScanDeps & Pick<Runtime, 'log' | 'randomBytes'> & { appId: string; replies: Replies };

const DAY_S = 86_400;

/**
 * Handles one push of the official account. Scans, choices about a login, follows and changes of personal data are
 * idempotent by their own conditions. WeChat repeats pushes, so every other push is recorded: its repetition has no
 * effect and gets the same reply.
 * @returns the reply to the user; undefined for a bare `success`
 */
export async function answerPush(deps: PushDeps, push: OfficialPush): Promise<Reply | undefined> {
  const { content, openId, createTimeS: atS } = push;
  const person = { appId: deps.appId, openId };
  if (content.type === 'event') {
    switch (content.event) {
      case 'scan':
        return (await handleScan(deps, push, { scene: content.scene, isFollow: false })).reply;
      case 'subscribe': {
        // A scan that moves the ticket stores the follow in the same write.
        const { moved, reply } = await handleScan(deps, push, { scene: content.scene ?? '', isFollow: true });
        if (!moved) await recordFollow(deps, { ...person, follows: true, atS });
        return reply ?? replyTo(content, deps.replies);
      }
      case 'unsubscribe':
        await recordFollow(deps, { ...person, follows: false, atS });
        return undefined;
      case 'user_info_modified':
        // Users consented only to this app, so only profiles of this app can be fetched again.
        if ({ ...person, ...content.subject }.appId === deps.appId) await requestProfileSync(deps, person);
        return undefined;
      case 'user_authorization_revoke':
      case 'user_authorization_cancellation':
        await eraseWechatProfile(deps, { ...person, ...content.subject });
        return undefined;
    }
  }
  const decided = await handleChoice(deps, push);
  if (decided) return decided;
  await requestUnionId(deps, person);
  if (await isFirst(deps, push)) await handlePush(deps, push);
  return replyTo(content, deps.replies);
}

/** Records a scan. Returns no reply for a QR code that is not a login code. */
async function handleScan(
  deps: PushDeps,
  push: OfficialPush,
  { scene, isFollow }: { scene: string; isFollow: boolean },
): Promise<{ moved: boolean; reply?: Reply }> {
  const { appId, log, replies } = deps;
  const { openId, createTimeS: atS } = push;
  const name = ticketOfScene(scene);
  if (!name) return { moved: false };
  if (!isSealed(push)) return { moved: false, reply: replies.loginExpired };
  const { moved, ticket } = await recordScan(deps, { appId, openId, ticket: name, atS, isFollow });
  log.info('official-account.scan-recorded', { moved, state: ticket?.state, openId });
  return { moved, reply: loginReply(ticket, replies) };
}

/** Applies the choice of a user about a login. Returns no reply for a message that is no choice. */
async function handleChoice(deps: PushDeps, push: OfficialPush): Promise<Reply | undefined> {
  const { appId, log, replies } = deps;
  const { content, openId, dedupeKey: pushId, createTimeS: sentAtS } = push;
  const chosen = isSealed(push) ? readChoice(content) : undefined;
  if (!chosen) return undefined;
  const { choice, ticket: tapped } = chosen;
  const person = { appId, openId };
  const ticket =
    tapped === undefined
      ? await typeChoice(deps, { ...person, choice, pushId, sentAtS })
      : await tapChoice(deps, { ...person, choice, ticket: tapped });
  if (tapped === undefined && !ticket) return undefined;
  log.info('official-account.login-decided', { choice, state: ticket?.state, openId });
  return loginReply(ticket, replies);
}

/**
 * Whether WeChat's signature covers the content. In plain mode an attacker with one signed URL can send any content, so
 * plain pushes create and decide no login.
 */
function isSealed({ openedWith }: OfficialPush): boolean {
  return openedWith !== undefined;
}

/**
 * Whether this push is new. The claim stores a random token. If an SDK retry finds the token of its own first attempt,
 * the push counts as new.
 */
async function isFirst({ table, appId, now, randomBytes }: PushDeps, { dedupeKey }: OfficialPush): Promise<boolean> {
  const nowMs = now();
  const claimToken = randomBytes(12).toString('base64url');
  const expiresAt = Math.floor(nowMs / 1_000) + DAY_S;
  const claimed = { source: 'official-push', id: `${appId}#${dedupeKey}`, value: claimToken, expiresAt };
  return (await claim(table, claimed, nowMs)) === claimToken;
}
