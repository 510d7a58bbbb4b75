import { textAnswer, webhook } from '../lib/http/webhook.ts';
import { answerPush } from '../lib/official-account/answer-push.ts';
import { reportUnreadable } from '../lib/pushes/report-push.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { openOfficialEcho, openOfficialPush } from '../lib/wechat/official-push.ts';
import { renderReply } from '../lib/wechat/official-reply.ts';
import { loadOfficialEvents } from '../lib/wiring/official-account.ts';

/** Bounds the work for an unauthenticated request. Pushes have a few KB, also with both forms of compatible mode. */
const MAX_BODY_BYTES = 32 * 1024;

const load = fresh(loadOfficialEvents);

export const handler = webhook(
  'official-events',
  async ({ method, query, body }) => {
    const deps = await load();
    const keys = { ...deps.pushKeys, nowMs: deps.now() };
    if (method === 'GET') return textAnswer(200, openOfficialEcho(query, keys));
    const push = openOfficialPush(query, body, keys);
    if ('unreadable' in push) {
      reportUnreadable(deps, 'official-account', push);
      return textAnswer(200, 'success');
    }
    const reply = renderReply(push, await answerPush(deps, push), { ...deps, keys });
    return reply === undefined ? textAnswer(200, 'success') : textAnswer(200, reply, 'text/xml');
  },
  ({ status, message }) => textAnswer(status, message),
  MAX_BODY_BYTES,
);
