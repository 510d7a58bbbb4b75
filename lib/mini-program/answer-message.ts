import { keepMessage } from '../pushes/keep-message.ts';
import { isPublish } from '../pushes/keyword-replies.ts';
import { readIdentity } from '../store/identities.ts';
import type { MiniappPush } from '../wechat/miniapp-push.ts';
import type { MiniappReply, TransferToService } from '../wechat/miniapp-reply.ts';
import { passOn, type PassOnDeps } from './pass-on.ts';
import { replyTo, type MessageReply } from './reply-to.ts';

/**
 * Handles a message that a user sent to the customer service of the mini-program, or an entry into its chat. A text
 * goes out after the push was answered: the stored message requests it (send-reply.ts).
 *
 * In plain mode an attacker with one signed address can send any content. The attacker can then make the mini-program
 * send a text of replies.ts to a user whose chat is open, and publish a forged message.
 * @returns the answer; undefined for a bare `success`
 */
export async function answerMessage(deps: PassOnDeps, push: MiniappPush): Promise<MiniappReply | undefined> {
  const reply = replyTo(push.content, deps.replies);
  if (reply === undefined || isTransfer(reply)) {
    await passOn(deps, push);
    return reply;
  }
  const kept = isPublish(reply)
    ? { publish: true, accountId: await findAccountId(deps, push), reply: reply.text }
    : { reply };
  await passOn(deps, push, () => keepMessage(deps, 'mini-program', push, kept));
  return undefined;
}

function isTransfer(reply: MessageReply): reply is TransferToService {
  return typeof reply === 'object' && reply.type === 'transfer_customer_service';
}

async function findAccountId({ table, appId }: PassOnDeps, { openId }: MiniappPush): Promise<string | undefined> {
  return (await readIdentity(table, { appId, openId }, 'eventual'))?.accountId;
}
