import { callPlatform, type PlatformDeps, type WechatApp } from './client.ts';
import { buildMessageData, messageDataError, type MessageValues } from './message-data.ts';
import { errcodeOf } from './platform-error.ts';

/** A subscribe message of the mini-program (platform 9.1). */
export interface SubscribeMessage {
  openId: string;
  templateId: string;
  values: MessageValues;
  /** A page of the mini-program, with its query, that a tap on the message opens. */
  page?: string;
}

/** `not-subscribed`: somebody who did not ask for the message, or has had the one that they asked for. */
export type SubscribeOutcome = 'sent' | 'not-subscribed';

const NORMAL = new Set<number | undefined>([40003, 43101]);
const CONCURRENT = 43108;
const CONCURRENT_PAUSE_MS = 1_000;

/**
 * Sends a subscribe message. Nothing keeps it from arriving twice, so after a time-out it is not sent again.
 * @throws PARAM_ERROR for values that WeChat does not take; RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE,
 * WECHAT_TIMEOUT; an errcode of the token owner's passes through
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
