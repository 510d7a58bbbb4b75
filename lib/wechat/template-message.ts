import { isAppError } from '../core/errors.ts';
import { callPlatform, type PlatformDeps, type WechatApp } from './client.ts';
import { buildMessageData, messageDataError, type MessageValues } from './message-data.ts';
import { errcodeOf } from './platform-error.ts';

/** A template message of the official account. */
export interface TemplateMessage {
  openId: string;
  templateId: string;
  values: MessageValues;
  /**
   * Prevents duplicates: within ten minutes, WeChat sends only one message with this id to a user. Example:
   * `order-1-paid`.
   */
  clientMsgId: string;
  /** The address that opens on a tap, unless `miniProgram` is set. */
  url?: string;
  miniProgram?: { appId: string; page: string };
}

/** `not-following`: the user does not follow the account. `opted-out`: the user declined messages. */
export type TemplateOutcome = 'sent' | 'not-following' | 'opted-out';

const NORMAL: ReadonlyMap<number | undefined, TemplateOutcome> = new Map([
  [40003, 'not-following'],
  [43004, 'not-following'],
  [50005, 'not-following'],
  [43019, 'opted-out'],
  [43101, 'opted-out'],
  [48002, 'opted-out'],
]);

/**
 * Sends a template message, with one retry after a time-out: `clientMsgId` prevents a duplicate.
 * @throws PARAM_ERROR when a value is empty or too long, or WeChat declines a value; RATE_LIMITED, WECHAT_CONFIG,
 * WECHAT_UNAVAILABLE, WECHAT_TIMEOUT; token errors pass through to the token owner
 * @see https://developers.weixin.qq.com/doc/service/api/notify/template/api_sendtemplatemessage.html
 */
export async function sendTemplate(
  deps: PlatformDeps,
  { app, accessToken, message }: { app: WechatApp; accessToken: string; message: TemplateMessage },
): Promise<TemplateOutcome> {
  const call = {
    app,
    method: 'POST',
    path: '/cgi-bin/message/template/send',
    query: { access_token: accessToken },
    body: buildBody(message),
  } as const;
  try {
    await callPlatform(deps, call).catch((error: unknown) => {
      if (!isAppError(error, 'WECHAT_TIMEOUT')) throw error;
      return callPlatform(deps, call);
    });
    return 'sent';
  } catch (error) {
    const outcome = NORMAL.get(errcodeOf(error));
    if (outcome) return outcome;
    throw messageDataError(error);
  }
}

function buildBody({ openId, templateId, values, clientMsgId, url, miniProgram }: TemplateMessage) {
  return {
    touser: openId,
    template_id: templateId,
    client_msg_id: clientMsgId,
    ...(url && { url }),
    ...(miniProgram && { miniprogram: { appid: miniProgram.appId, pagepath: miniProgram.page } }),
    data: buildMessageData(values),
  };
}
