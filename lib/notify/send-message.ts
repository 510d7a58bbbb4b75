import * as v from 'valibot';
import { AppError } from '../core/errors.ts';
import type { Runtime } from '../core/runtime.ts';
import { readAccount } from '../store/accounts.ts';
import { openIdOf } from '../store/identities.ts';
import type { Table } from '../store/table.ts';
import type { CustomerMessage, CustomerOutcome } from '../wechat/customer-message.ts';
import type { MessageValues } from '../wechat/message-data.ts';
import type { SubscribeOutcome } from '../wechat/subscribe-message.ts';
import type { TemplateOutcome } from '../wechat/template-message.ts';
import { messageSchema, type OperatorMessage } from './message-schemas.ts';
import { sendCustomerMessage, type NotifyDeps } from './send-customer-message.ts';
import { sendSubscribeMessage } from './send-subscribe-message.ts';
import { sendTemplateMessage } from './send-template-message.ts';

type AppName = OperatorMessage['app'];

export type SendMessageDeps = Pick<Runtime, 'randomBytes'> & {
  table: Table;
  /** Loads one app only, because a deployment may have no other app. */
  loadApp: Record<AppName, () => Promise<NotifyDeps>>;
};

/** The outcome of a message. Only `sent` means that WeChat accepted the message. */
export interface MessageResult {
  outcome: CustomerOutcome | TemplateOutcome | SubscribeOutcome;
  app: AppName;
  kind: OperatorMessage['kind'];
}

/**
 * Sends a message of an operator to a user of the mini-program or of the official account. A user who cannot be reached
 * is an outcome, not an error.
 * @throws PARAM_ERROR that lists every wrong field, or when WeChat declines a value; NOT_FOUND when the account does not
 * exist or has no openid in this app; RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 */
export async function sendMessage(deps: SendMessageDeps, json: unknown): Promise<MessageResult> {
  const parsed = v.safeParse(messageSchema, json);
  if (!parsed.success) throw new AppError('PARAM_ERROR', v.summarize(parsed.issues));
  const message = parsed.output;
  const { app, kind } = message;
  const sender = await deps.loadApp[app]();
  const openId = await findOpenId(deps.table, message, sender.app.appId);
  return { outcome: await send(deps, sender, { ...message, openId }), app, kind };
}

/** Returns the openid of a user in one app. The id of a merged account means the account that remains. */
async function findOpenId(table: Table, { userId, app }: OperatorMessage, appId: string): Promise<string> {
  const account = await readAccount(table, userId, 'strong');
  if (!account) throw new AppError('NOT_FOUND', 'No account has this userId, or the account was closed');
  const openId = openIdOf(account, appId);
  if (openId !== undefined) return openId;
  throw new AppError('NOT_FOUND', `This user has no openid in the ${app}, because the user never logged in there`);
}

function send(deps: SendMessageDeps, sender: NotifyDeps, message: OperatorMessage & { openId: string }) {
  const { openId } = message;
  switch (message.kind) {
    case 'template': {
      const { template_id: templateId, url, miniprogram } = message;
      // Without an id of the operator, a random id still prevents a duplicate by the retry after a time-out.
      const clientMsgId = message.client_msg_id ?? deps.randomBytes(12).toString('hex');
      const opens = miniprogram && { appId: miniprogram.appid, page: miniprogram.pagepath };
      const values = valuesOf(message.data);
      return sendTemplateMessage(sender, {
        openId,
        templateId,
        values,
        clientMsgId,
        ...(url !== undefined && { url }),
        ...(opens && { miniProgram: opens }),
      });
    }
    case 'subscribe': {
      const { template_id: templateId, page } = message;
      const values = valuesOf(message.data);
      return sendSubscribeMessage(sender, { openId, templateId, values, ...(page !== undefined && { page }) });
    }
    default:
      return sendCustomerMessage(sender, { openId, message: customerMessage(message) });
  }
}

type OperatorCustomerMessage = Exclude<OperatorMessage, { kind: 'template' | 'subscribe' }>;

function customerMessage(message: OperatorCustomerMessage): CustomerMessage {
  switch (message.kind) {
    case 'text':
      return message.content;
    case 'image':
      return { type: 'image', mediaId: message.media_id };
    case 'link': {
      const { title, description, url, thumb_url: thumbUrl } = message;
      return { type: 'link', title, description, url, thumbUrl };
    }
    case 'miniprogram': {
      const { title, pagepath: pagePath, thumb_media_id: thumbMediaId } = message;
      const appId = 'appid' in message ? { appId: message.appid } : {};
      return { type: 'miniprogram', title, pagePath, thumbMediaId, ...appId };
    }
  }
}

function valuesOf(data: Record<string, { value: string }>): MessageValues {
  return Object.fromEntries(Object.entries(data).map(([key, { value }]) => [key, value]));
}
