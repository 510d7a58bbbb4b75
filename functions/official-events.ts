import { loadOfficialPushes } from '../lib/deps.ts';
import { textAnswer, webhook } from '../lib/http/webhook.ts';
import { answerPush } from '../lib/official-account/answer-push.ts';
import { once } from '../lib/once.ts';
import { openOfficialEcho, openOfficialPush } from '../lib/wechat/official-push.ts';
import { buildTextReply } from '../lib/wechat/official-reply.ts';

const deps = once(loadOfficialPushes);

export const handler = webhook(
  'official-events',
  async ({ method, query, body }) => {
    const loaded = await deps();
    const keys = { token: loaded.token, nowMs: loaded.now() };
    if (method === 'GET') return textAnswer(200, openOfficialEcho(query, keys));
    const push = openOfficialPush(query, body, keys);
    const reply = await answerPush(loaded, push);
    if (reply === undefined) return textAnswer(200, 'success');
    return textAnswer(200, buildTextReply(push, reply, loaded.now()), 'text/xml');
  },
  ({ status, message }) => textAnswer(status, message),
);
