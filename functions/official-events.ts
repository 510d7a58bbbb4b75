import { loadOfficialPushes } from '../lib/wiring/deps.ts';
import { textAnswer, webhook } from '../lib/http/webhook.ts';
import { answerPush } from '../lib/official-account/answer-push.ts';
import { openOfficialEcho, openOfficialPush } from '../lib/wechat/official-push.ts';
import { renderReply } from '../lib/wechat/official-reply.ts';
import { fresh } from '../lib/secrets/fresh.ts';

const deps = fresh(loadOfficialPushes);

export const handler = webhook(
  'official-events',
  async ({ method, query, body }) => {
    const loaded = await deps();
    const keys = { ...loaded.pushKeys, nowMs: loaded.now() };
    if (method === 'GET') return textAnswer(200, openOfficialEcho(query, keys));
    const push = openOfficialPush(query, body, keys);
    const reply = renderReply(push, await answerPush(loaded, push), { ...loaded, keys });
    return reply === undefined ? textAnswer(200, 'success') : textAnswer(200, reply, 'text/xml');
  },
  ({ status, message }) => textAnswer(status, message),
);
