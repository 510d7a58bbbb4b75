// Scripted answers of WeChat Pay, signed with a platform key, and the requests that they answer.
import { generateKeyPairSync, sign } from 'node:crypto';
import type { OutboundRequest, OutboundResponse } from '../../lib/core/outbound.ts';
import type { PayV3Deps } from '../../lib/wechat-pay/v3/client.ts';

const platform = generateKeyPairSync('rsa', { modulusLength: 2048 });
const merchant = generateKeyPairSync('rsa', { modulusLength: 2048 });
const SERIAL = 'PUB_KEY_ID_0000000000000000000000000000000009';

/** One answer; an error is thrown in place of an answer. */
export type Answer = { status?: number; body?: unknown } | Error;

/** Returns an answer as WeChat Pay signs it. */
function signed({ status = 200, body }: Exclude<Answer, Error>): OutboundResponse {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signature = sign('RSA-SHA256', Buffer.from(`${timestamp}\nnonce\n${text}\n`), platform.privateKey);
  const headers = {
    'wechatpay-timestamp': timestamp,
    'wechatpay-nonce': 'nonce',
    'wechatpay-signature': signature.toString('base64'),
    'wechatpay-serial': SERIAL,
  };
  return { status, headers, body: Buffer.from(text) };
}

/** Returns dependencies of calls of API v3 that get these answers in order, and the requests that were sent. */
export function scriptedPay(...answers: Answer[]): { deps: PayV3Deps; sent: OutboundRequest[]; lines: unknown[] } {
  const sent: OutboundRequest[] = [];
  const lines: unknown[] = [];
  const record = (event: string, fields?: object) => void lines.push({ event, ...fields });
  const deps: PayV3Deps = {
    now: Date.now,
    sleep: async () => undefined,
    randomBytes: (size) => Buffer.alloc(size, 7),
    log: { info: record, warn: record, error: record },
    payBaseUrl: 'https://pay.example',
    merchant: { mchId: '1900000001', certSerial: 'A'.repeat(40), privateKey: merchant.privateKey },
    platformKeys: async (serial) => (serial === SERIAL ? platform.publicKey : undefined),
    send: async (request) => {
      sent.push(request);
      const answer = answers.shift();
      if (!answer) throw new Error(`no answer for ${request.method} ${request.url.href}`);
      if (answer instanceof Error) throw answer;
      return signed(answer);
    },
  };
  return { deps, sent, lines };
}
