import { recordFollow, eraseWechatProfile, requestProfileSync } from '../identity/following.ts';
import type { Runtime } from '../core/runtime.ts';
import { recordScan, type Scan } from '../scan-login/record-scan.ts';
import { claim } from '../store/claims.ts';
import type { Table } from '../store/table.ts';
import type { OfficialPush } from '../wechat/official-push.ts';
import type { Reply } from '../wechat/official-reply.ts';
import { handlePush } from './handle-push.ts';
import { replyTo, type Replies } from './reply-to.ts';

export type PushDeps = Pick<Runtime, 'now' | 'log' | 'randomBytes'> & { table: Table; appId: string; replies: Replies };

const DAY_S = 86_400;

/**
 * Handles one push of the official account. Scans, follows and changes of personal data are idempotent by their own
 * conditions. WeChat repeats pushes, so every other push is recorded: its repetition has no effect and gets the same
 * reply.
 * @returns the reply to the user; undefined for a bare `success`
 */
export async function answerPush(deps: PushDeps, push: OfficialPush): Promise<Reply | undefined> {
  const { content, openId, createTimeS: atS } = push;
  const person = { appId: deps.appId, openId };
  if (content.type === 'event') {
    switch (content.event) {
      case 'scan':
        return (await handleScan(deps, push, { ...person, scene: content.scene })).reply;
      case 'subscribe': {
        // A scan that moves the ticket stores the follow in the same write.
        const scan = { ...person, scene: content.scene ?? '', followedAt: atS };
        const { outcome, reply } = await handleScan(deps, push, scan);
        if (outcome !== 'moved') await recordFollow(deps, { ...person, follows: true, atS });
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
  if (await isFirst(deps, push)) await handlePush(deps, push);
  return replyTo(content, deps.replies);
}

/**
 * Records a scan. Returns no reply for a QR code that is not a login code. In plain mode no QR code is a login code,
 * because the signature does not cover the scan.
 */
async function handleScan(deps: PushDeps, { openedWith }: OfficialPush, scan: Scan) {
  const outcome = openedWith ? await recordScan(deps, scan) : 'foreign';
  if (outcome === 'foreign') return { outcome };
  deps.log.info('official-account.scan-recorded', { outcome, openId: scan.openId });
  return { outcome, reply: outcome === 'rejected' ? deps.replies.loginExpired : deps.replies.loginScanned };
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
