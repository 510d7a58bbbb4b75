import type { Runtime } from '../core/runtime.ts';
import { readIdentity } from '../store/identities.ts';
import { putRevocation } from '../store/revocations.ts';
import type { Table } from '../store/table.ts';
import type { MiniappPush } from '../wechat/miniapp-push.ts';
import type { OfficialPush } from '../wechat/official-push.ts';
import type { UserDataEvent } from '../wechat/push-content.ts';

export type RecordDeps = Pick<Runtime, 'now' | 'log'> & { table: Table; appId: string };

/** Longer than the dead-letter queue of consumers keeps an event. */
const REVOCATION_LIFE_S = 15 * 24 * 3_600;

/**
 * Stores that a user withdrew authorisations or closed the WeChat account. The stream publishes the event, and
 * apply-revocation.ts deletes the data, because WeChat waits five seconds and an account can have thousands of orders.
 *
 * The owner of the data is `subject`; the sender of the push is WeChat. A user without an account is stored too, because
 * consumers of events may hold data of the openid.
 */
export async function recordRevocation(
  { table, now, log, appId: ownAppId }: RecordDeps,
  { pushId, createTimeS, openedWith }: OfficialPush | MiniappPush,
  { event, subject, revokeInfo }: UserDataEvent,
): Promise<void> {
  const { appId = ownAppId, openId } = subject;
  const cancelled = event === 'user_authorization_cancellation';
  const identity = await readIdentity(table, { appId, openId }, 'eventual');
  await putRevocation(table, {
    appId,
    openId,
    accountId: identity?.accountId,
    pushId,
    revokeInfo: cancelled ? undefined : revokeInfo,
    cancelled,
    verified: openedWith !== undefined,
    at: new Date(createTimeS * 1_000).toISOString(),
    expiresAt: Math.floor(now() / 1_000) + REVOCATION_LIFE_S,
  });
  log.info('authorization.revoked', { openId, cancelled });
}
