import type { OutboundRequest } from '../../../../lib/core/outbound.ts';
import type { WechatApp } from '../../../../lib/wechat/client.ts';

const app: WechatApp = { appId: 'wx1', appSecret: 's', settings: 'MINIAPP' };
export const access = { app, accessToken: 'T' };

/** Simulates WeChat with the given answers, of which the last repeats. A number is an answer with this errcode. */
export function wechat(...answers: (string | number | object)[]) {
  const sent: OutboundRequest[] = [];
  const deps = {
    apiBaseUrl: 'http://api',
    sleep: async () => {},
    send: async (request: OutboundRequest) => {
      sent.push(request);
      const answer = answers.length > 1 ? answers.shift()! : (answers[0] ?? 0);
      const errcode = typeof answer === 'number' ? { errcode: answer, errmsg: '' } : answer;
      const body = typeof answer === 'string' ? answer : JSON.stringify(errcode);
      return { status: 200, headers: {}, body: Buffer.from(body) };
    },
  };
  return {
    deps,
    sent,
    pathOf: (index: number) => sent[index]!.url.pathname + sent[index]!.url.search,
    textOf: (index: number) => String(sent[index]!.body),
    bodyOf: (index: number) => JSON.parse(String(sent[index]!.body)) as Record<string, unknown>,
  };
}
