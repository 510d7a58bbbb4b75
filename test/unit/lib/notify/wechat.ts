// WeChat as the functions of lib/notify see it.
import { AppError } from '../../../../lib/core/errors.ts';
import type { OutboundRequest } from '../../../../lib/core/outbound.ts';
import type { NotifyDeps } from '../../../../lib/notify/send-customer-message.ts';
import type { WechatApp } from '../../../../lib/wechat/client.ts';

export type Answer = number | 'timeout';

/** Simulates WeChat, which returns the given errcodes in order and then 0. */
export function wechat(given: Answer[] = [], settings: WechatApp['settings'] = 'OFFICIAL') {
  const app: WechatApp = { appId: 'wx1', appSecret: 's', settings };
  const answers = [...given];
  const sent: OutboundRequest[] = [];
  const pausesMs: number[] = [];
  const lines: string[] = [];
  const deps = {
    app,
    accessToken: { withToken: (call: (token: string) => Promise<unknown>) => call('T') } as NotifyDeps['accessToken'],
    apiBaseUrl: 'http://api',
    log: {
      info: (event: string, fields: object) => void lines.push(`${event} ${JSON.stringify(fields)}`),
    } as NotifyDeps['log'],
    sleep: async (ms: number) => void pausesMs.push(ms),
    send: async (request: OutboundRequest) => {
      sent.push(request);
      const errcode = answers.shift() ?? 0;
      if (errcode === 'timeout') throw new AppError('WECHAT_TIMEOUT', 'late');
      return { status: 200, headers: {}, body: Buffer.from(JSON.stringify({ errcode, errmsg: '' })) };
    },
  };
  return { deps, sent, pausesMs, lines };
}
