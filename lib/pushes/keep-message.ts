import type { PushApp } from '../core/metrics.ts';
import type { Runtime } from '../core/runtime.ts';
import { putMessage } from '../store/messages.ts';
import type { Table } from '../store/table.ts';
import type { CustomerMessage } from '../wechat/customer-message.ts';
import type { MiniappPush } from '../wechat/miniapp-push.ts';
import type { OfficialPush } from '../wechat/official-push.ts';
import { newPushClaim } from './claim-push.ts';

type KeepDeps = Pick<Runtime, 'now' | 'randomBytes'> & { table: Table; appId: string };

/** The consequences of a push: an event with the message, a reply, or both. */
interface Consequences {
  /** Whether the message is published. */
  publish?: boolean;
  /** The account of the sender, for the event. */
  accountId?: string | undefined;
  reply?: CustomerMessage | undefined;
}

/** WeChat takes customer-service messages for 48 hours after a message of the user. */
const KEPT_S = 2 * 86_400;

/**
 * Stores a message for its event, its reply, or both. The item is also the claim of the push, so that a repeated push
 * has no effect.
 * @returns whether the push is new
 */
export function keepMessage(
  deps: KeepDeps,
  app: PushApp,
  push: OfficialPush | MiniappPush,
  { publish, accountId, reply }: Consequences,
): Promise<boolean> {
  const { openId, pushId, createTimeS } = push;
  return putMessage(deps.table, {
    app,
    appId: deps.appId,
    openId,
    accountId,
    pushId,
    content: publish ? contentOf(push) : undefined,
    reply,
    at: new Date(createTimeS * 1_000).toISOString(),
    ...newPushClaim(deps),
    expiresAt: Math.floor(deps.now() / 1_000) + KEPT_S,
  });
}

/** Returns the content of a message without the part that is the same for all messages; undefined for an event. */
function contentOf({ content }: OfficialPush | MiniappPush): object | undefined {
  if (content.type !== 'message') return undefined;
  const { type: _, msgId, ...message } = content;
  return { ...(msgId && { messageId: msgId }), ...message };
}
