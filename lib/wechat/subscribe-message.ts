import { callPlatform, type PlatformDeps, type WechatApp } from './client.ts';
import { buildMessageData, messageDataError, type MessageValues } from './message-data.ts';
import { errcodeOf } from './platform-error.ts';

/** A subscribe message of the mini-program. */
export interface SubscribeMessage {
  openId: string;
  templateId: string;
  values: MessageValues;
  /** The page of the mini-program, with its query, that opens on a tap. */
  page?: string;
}

/** `not-subscribed`: the user did not subscribe, the subscription is used up, or the openid is not of this app. */
export type SubscribeOutcome = 'sent' | 'not-subscribed';

const NORMAL = new Set<number | undefined>([40003, 43101]);
const CONCURRENT = 43108;
const CONCURRENT_PAUSE_MS = 1_000;

/**
 * Sends a subscribe message. WeChat has no protection against duplicates, so there is no retry after a time-out.
 * @throws PARAM_ERROR when a value is empty or too long, or WeChat declines a value; RATE_LIMITED, WECHAT_CONFIG,
 * WECHAT_UNAVAILABLE, WECHAT_TIMEOUT; token errors pass through to the token owner
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-message-management/subscribe-message/api_sendmessage.html
 */
export async function sendSubscribe(
  deps: PlatformDeps,
  { app, accessToken, message }: { app: WechatApp; accessToken: string; message: SubscribeMessage },
): Promise<SubscribeOutcome> {
  const call = {
    app,
    method: 'POST',
    path: '/cgi-bin/message/subscribe/send',
    query: { access_token: accessToken },
    body: buildBody(message),
  } as const;
  try {
    await callPlatform(deps, call).catch(async (error: unknown) => {
      if (errcodeOf(error) !== CONCURRENT) throw error;
      await deps.sleep(CONCURRENT_PAUSE_MS);
      return callPlatform(deps, call);
    });
    return 'sent';
  } catch (error) {
    if (NORMAL.has(errcodeOf(error))) return 'not-subscribed';
    throw messageDataError(error);
  }
}

function buildBody({ openId, templateId, values, page }: SubscribeMessage) {
  return { touser: openId, template_id: templateId, ...(page && { page }), data: buildMessageData(values) };
}
