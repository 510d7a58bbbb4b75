import { recordFollow, requestProfileSync, requestUnionId } from '../identity/following.ts';
import type { Runtime } from '../core/runtime.ts';
import { recordRevocation } from '../privacy/record-revocation.ts';
import { claimPush, newPushClaim } from '../pushes/claim-push.ts';
import { keepMessage } from '../pushes/keep-message.ts';
import { isPublish } from '../pushes/keyword-replies.ts';
import { reportUnknown } from '../pushes/report-push.ts';
import { tapChoice, typeChoice } from '../scan-login/choose.ts';
import { recordScan, type ScanDeps } from '../scan-login/record-scan.ts';
import { ticketOfScene } from '../scan-login/ticket.ts';
import type { Identity } from '../store/identities.ts';
import { putSceneScan } from '../store/scene-scans.ts';
import type { OfficialPush } from '../wechat/official-push.ts';
import type { Reply } from '../wechat/official-reply.ts';
import { loginReply, readChoice } from './login-reply.ts';
import { onPushArrived } from './push-arrived.ts';
import { replyTo, type Replies } from './reply-to.ts';

export type PushDeps = ScanDeps & Pick<Runtime, 'log' | 'sleep' | 'randomBytes'> & { appId: string; replies: Replies };

/**
 * Handles one push of the official account. Scans of login codes, choices about a login, follows and changes of personal
 * data are idempotent by their own conditions. WeChat repeats pushes, so every other push is recorded: its repetition has
 * no effect and gets the same reply.
 * @returns the reply to the user; undefined for a bare `success`
 */
export async function answerPush(deps: PushDeps, push: OfficialPush): Promise<Reply | undefined> {
  const { content, openId, createTimeS: atS, pushId } = push;
  const { appId } = deps;
  const person = { appId, openId };
  if (content.type === 'event') {
    switch (content.event) {
      case 'scan':
      case 'subscribe': {
        const isFollow = content.event === 'subscribe';
        const login = await handleLoginScan(deps, push, { scene: content.scene ?? '', isFollow });
        // A scan that moves the ticket stores the follow in the same write.
        if (isFollow && !login?.moved) await recordFollow(deps, { ...person, follows: true, atS, pushId });
        if (login) return login.reply;
        if (content.scene) break;
        return deps.replies.greeting;
      }
      case 'unsubscribe':
        await recordFollow(deps, { ...person, follows: false, atS, pushId });
        return undefined;
      case 'user_info_modified':
        // Profiles of another app cannot be fetched again. `person` is the sender, which is WeChat.
        if ((content.subject.appId ?? appId) === appId) await requestProfileSync(deps, { ...content.subject, appId });
        return undefined;
      case 'user_authorization_revoke':
      case 'user_authorization_cancellation':
        await recordRevocation(deps, push, content);
        return undefined;
    }
  }
  const decided = await handleChoice(deps, push);
  if (decided) return decided;
  const identity = await requestUnionId(deps, person);
  const reply = replyTo(content, deps.replies);
  if (await isFirst(deps, push, { identity, isPublished: isPublish(reply) })) {
    reportUnknown(deps, 'official-account', push);
    await onPushArrived(deps, push);
  }
  return isPublish(reply) ? reply.text : reply;
}

/** Records a scan of a login code. Returns undefined for any other code. */
async function handleLoginScan(
  deps: PushDeps,
  push: OfficialPush,
  { scene, isFollow }: { scene: string; isFollow: boolean },
): Promise<{ moved: boolean; reply: Reply } | undefined> {
  const { appId, log, replies } = deps;
  const { openId, createTimeS: atS, pushId } = push;
  const name = ticketOfScene(scene);
  if (!name) return undefined;
  if (!isSealed(push)) return { moved: false, reply: replies.loginExpired };
  const { moved, ticket } = await recordScan(deps, { appId, openId, ticket: name, atS, pushId, isFollow });
  log.info('official-account.scan-recorded', { moved, state: ticket?.state, openId });
  return { moved, reply: loginReply(ticket, replies) };
}

/** Applies the choice of a user about a login. Returns no reply for a message that is no choice. */
async function handleChoice(deps: PushDeps, push: OfficialPush): Promise<Reply | undefined> {
  const { appId, log, replies } = deps;
  const { content, openId, pushId, createTimeS: sentAtS } = push;
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
 * Whether this push is new. The claim of the scan of a channel code is also the outbox entry of its event, and so is the
 * claim of a published message.
 */
function isFirst(
  deps: PushDeps,
  push: OfficialPush,
  { identity, isPublished }: { identity: Identity | undefined; isPublished: boolean },
): Promise<boolean> {
  const { content, openId, createTimeS, pushId } = push;
  const accountId = identity?.accountId;
  if (isPublished) return keepMessage(deps, 'official-account', push, { publish: true, accountId });
  if (!('scene' in content) || !content.scene) return claimPush(deps, 'official-push', pushId);
  const [scene, follow] = [content.scene, content.event === 'subscribe'];
  const at = new Date(createTimeS * 1_000).toISOString();
  const scan = { appId: deps.appId, openId, accountId, pushId, scene, follow, at };
  return putSceneScan(deps.table, { ...scan, ...newPushClaim(deps) });
}
