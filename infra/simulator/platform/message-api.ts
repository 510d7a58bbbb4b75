import { isRecord } from '../http.ts';
import type { World } from '../world.ts';
import { PlatformError } from './error.ts';
import { readMessageData } from './message-values.ts';
import { ok, readJson } from './route.ts';
import type { PlatformRoutes } from './route.ts';

type MessageBody = Record<string, unknown>;

const states: unknown[] = ['developer', 'trial', 'formal'];
const languages: unknown[] = ['zh_CN', 'en_US', 'zh_HK', 'zh_TW'];
const dedupeMs = 10 * 60_000;

/**
 * Template and subscribe messages.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-message-management/subscribe-message/api_sendmessage.html
 * @see https://developers.weixin.qq.com/doc/service/api/notify/template/api_sendtemplatemessage.html
 */
export function messageRoutes({ settings, clock, users }: World): PlatformRoutes {
  let messageId = 200_228_331;
  /** By user and client_msg_id: the message sent, and the end of its deduplication window. */
  const recent = new Map<string, { msgid: number; until: number }>();

  return {
    '/cgi-bin/message/subscribe/send': {
      method: 'POST',
      app: 'miniapp',
      json: (call) => {
        const body = readJson(call);
        const user = users.byOpenId('miniapp', body.touser);
        if (!user) throw new PlatformError(40003);
        const templateId = readTemplateId(body, settings.miniapp.templateIds);
        checkOptions(body);
        const data = readMessageData(body.data);
        const left = user.grants.get(templateId) ?? 0;
        if (left === 0) throw new PlatformError(43101);
        user.grants.set(templateId, left - 1);
        messageId += 1;
        user.received.push({ kind: 'subscribe', msgId: messageId, templateId, page: body.page, data });
        return { ...ok, msgid: messageId };
      },
    },
    '/cgi-bin/message/template/send': {
      method: 'POST',
      app: 'official',
      json: (call) => {
        const body = readJson(call);
        const user = users.byOpenId('official', body.touser);
        if (!user) throw new PlatformError(40003);
        const templateId = readTemplateId(body, settings.official.templateIds);
        if (!user.follow) throw new PlatformError(43004);
        const data = readMessageData(body.data);
        const { url, miniprogram, client_msg_id: clientId } = body;
        const opens = isRecord(miniprogram) ? miniprogram.appid : undefined;
        if (miniprogram !== undefined && opens !== settings.miniapp.appId) throw new PlatformError(40013);
        if (clientId !== undefined && typeof clientId !== 'string') throw new PlatformError(40097);
        const key = `${user.id} ${clientId}`;
        const before = recent.get(key);
        if (clientId && before && before.until > clock.now()) return { ...ok, msgid: before.msgid };
        messageId += 1;
        recent.set(key, { msgid: messageId, until: clock.now() + dedupeMs });
        user.received.push({ kind: 'template', msgId: messageId, templateId, url, miniprogram, data });
        return { ...ok, msgid: messageId };
      },
    },
  };
}

/** Reads a template id: one of the settings or, without templates in the settings, any that begins with `tpl_`. */
function readTemplateId({ template_id: id }: MessageBody, known: string[] | undefined): string {
  if (typeof id !== 'string' || !(known ? known.includes(id) : id.startsWith('tpl_'))) throw new PlatformError(40037);
  return id;
}

function checkOptions({ page = '', miniprogram_state: state = 'formal', lang = 'zh_CN' }: MessageBody): void {
  const valid = typeof page === 'string' && states.includes(state) && languages.includes(lang);
  if (!valid) throw new PlatformError(40097);
}
