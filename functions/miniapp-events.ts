import { REQUEST_BUDGET_MS } from '../lib/core/deadline.ts';
import { textAnswer, webhook } from '../lib/http/webhook.ts';
import { answerPush } from '../lib/mini-program/answer-push.ts';
import { reportUnreadable } from '../lib/pushes/report-push.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { openMiniappEcho, openMiniappPush } from '../lib/wechat/miniapp-push.ts';
import { renderMiniappReply } from '../lib/wechat/miniapp-reply.ts';
import { loadMiniappEvents } from '../lib/wiring/mini-program.ts';

/** Bounds the work for an unauthenticated request. Pushes have a few KB, also with both forms of compatible mode. */
const MAX_BODY_BYTES = 32 * 1024;

const CONTENT_TYPES = { json: 'application/json', xml: 'text/xml' };

const load = fresh(loadMiniappEvents);

export const handler = webhook(
  'miniapp-events',
  async ({ method, query, body }) => {
    const deps = (await load()).within(REQUEST_BUDGET_MS);
    const keys = { ...deps.pushKeys, nowMs: deps.now() };
    if (method === 'GET') return textAnswer(200, openMiniappEcho(query, keys));
    const push = openMiniappPush(query, body, keys);
    if ('unreadable' in push) {
      reportUnreadable(deps, 'mini-program', push);
      return textAnswer(200, 'success');
    }
    const reply = await answerPush(deps, push);
    if (!reply) return textAnswer(200, 'success');
    return textAnswer(200, renderMiniappReply(push, reply, { ...deps, keys }), CONTENT_TYPES[push.format]);
  },
  ({ status, message }) => textAnswer(status, message),
  MAX_BODY_BYTES,
);
