// One key, one message type: nothing that this system signs is accepted by an entry point of another message type.
import { globSync, readFileSync } from 'node:fs';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { APIGatewayProxyEventV2, Context, LambdaFunctionURLEvent } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { routesByFunction } from '../../infra/docs/functions.ts';
import { ENDPOINTS } from '../../lib/http/openapi/endpoints.ts';
import { oauthCookie } from '../../lib/http/cookies.ts';
import type { Endpoint } from '../../lib/http/endpoint.ts';
import { collectOwnMessages, type OwnMessage } from '../support/own-messages.ts';
import { createModeWorld, type OfficialWorld } from '../support/official-world.ts';
import { signV2, xml } from '../support/pay-notification-v2.ts';
import { ids } from '../support/world.ts';

/** Modules that use a signature, a MAC, a cipher or a hash, and whose output is no message. */
const NO_MESSAGES: Record<string, string> = {
  'lib/core/aws-call.ts': 'request to AWS, with the credentials of the role',
  'lib/http/client.ts': 'compares the secret of the proxy in constant time',
  'lib/http/failure-page.ts': 'hash of a style for the content security policy',
  'lib/identity/code-session.ts': 'key of a stored code',
  'lib/pay/prepay.ts': 'key of a repeated request',
  'lib/reconciliation/download-bill.ts': 'hash of a downloaded file',
  'lib/scan-login/ticket.ts': 'stored hash of a poll token',
  'lib/shipping/ship-request.ts': 'key of a repeated request',
  'lib/uploads/create-upload.ts': 'hash of an uploaded file',
  'lib/wechat-pay/v3/abnormal-refunds.ts': 'encrypts fields for WeChat Pay, which no key of this service opens',
  'lib/wechat-pay/notice.ts': 'id of a stored notification',
  'lib/wechat-pay/v2/req-info.ts': 'decrypts only; derives the key',
  'lib/wechat/open-data.ts': 'verifies a signature of WeChat',
  'lib/wechat/push-elements.ts': 'id of a push',
};
/** The calls that create a signature, a MAC, a ciphertext or a hash. */
const CREATES =
  /\b(createHash|createHmac|createSign|createCipheriv|publicEncrypt|privateEncrypt|SignJWT|SignatureV4)\b|[^.\w]sign\('/;
/** The calls of the signers in other modules. Each has messages in the collection. */
const USES =
  /\b(signFields|authorization|signJsapiPayment|sealMessage|signParts|signLoginState|signJssdkConfig|paySigOf|userSignatureOf|signVirtualPayment)\(/;

let world: OfficialWorld;
let messages: OwnMessage[];
beforeAll(async () => {
  world = await createModeWorld('secure');
  messages = await collectOwnMessages(world);
});
afterAll(() => world.close());

/** Returns all items except rate counters and platform keys, which a rejected request may change. */
async function stored(): Promise<unknown[]> {
  const { Items = [] } = await world.table.client.send(new ScanCommand({ TableName: world.table.name }));
  return Items.filter(({ pk }) => !/^(RATE|PAYKEYS)#/.test(String(pk))).toSorted((a, b) =>
    String(a['pk']).localeCompare(String(b['pk'])),
  );
}

type Answer = { statusCode: number; cookies?: string[]; body?: string };
type Handler = (event: unknown, context: Context) => Promise<Answer>;

async function invoke(name: string, event: object): Promise<Answer> {
  const { handler } = (await import(`../../functions/${name}.ts`)) as { handler: Handler };
  return handler(event, { awsRequestId: 'r' } as Context);
}

function webhookEvent(change: Partial<LambdaFunctionURLEvent>): object {
  const requestContext = { http: { method: 'POST' } };
  return { headers: {}, rawQueryString: '', isBase64Encoded: false, requestContext, ...change };
}

function routeEvent(change: Partial<APIGatewayProxyEventV2>, { method = 'POST' } = {}): object {
  const requestContext = { http: { method, sourceIp: '203.0.113.1' } };
  return {
    headers: {},
    rawQueryString: '',
    isBase64Encoded: false,
    pathParameters: {},
    body: '{}',
    requestContext,
    ...change,
  };
}

/** The forms in which a message can be sent to a webhook: its text, and its fields as XML with the names of a sign. */
const bodiesOf = ({ text, fields }: OwnMessage): string[] => {
  const { paySign, signature, sign = paySign ?? signature ?? '', ...rest } = fields;
  const named = { ...rest, sign };
  const asNotified = { return_code: 'SUCCESS', result_code: 'SUCCESS', mch_id: ids.pay.mchId, ...named };
  return [text, ` ${text}`, xml(named), `<xml> ${xml(named).slice(5)}`, xml(asNotified)];
};

/** The query of a push with the signature, time and nonce of a message. */
const queryOf = ({ fields }: OwnMessage): string => {
  const { signature, msg_signature = fields.sign ?? signature ?? '', timestamp, timeStamp, nonce, nonceStr } = fields;
  return String(
    new URLSearchParams({
      signature: signature ?? msg_signature,
      msg_signature,
      timestamp: timestamp ?? timeStamp ?? '',
      nonce: nonce ?? nonceStr ?? fields.nonce_str ?? '',
      encrypt_type: 'aes',
    }),
  );
};

/** The headers of WeChat Pay with the signature of a message, under each serial that could name a key. */
const payHeadersOf = ({ fields }: OwnMessage): Record<string, string>[] =>
  [ids.pay.platformKeyId, ids.pay.certSerial].map((serial) => ({
    'wechatpay-serial': serial,
    'wechatpay-timestamp': fields.timestamp ?? fields.timeStamp ?? '',
    'wechatpay-nonce': fields.nonce_str ?? fields.nonceStr ?? fields.nonce ?? '',
    'wechatpay-signature': fields.sign ?? fields.signature ?? '',
  }));

const sessionRoutes = Object.values<Record<string, Endpoint>>(ENDPOINTS)
  .flatMap((tagged) => Object.values(tagged))
  .filter(({ auth }) => auth === 'session');
const functionOf = ({ method, path }: Endpoint) =>
  Object.entries(routesByFunction()).find(([, routes]) => routes.includes(`${method} ${path}`))![0];

/** The entry points. Each returns the answers to a message of another type. */
const ENTRY_POINTS: Record<string, { accepts?: OwnMessage['purpose']; send(message: OwnMessage): Promise<Answer>[] }> =
  {
    'pay-notify': {
      send: (message) =>
        payHeadersOf(message).flatMap((headers) =>
          bodiesOf(message).map((body) => invoke('pay-notify', webhookEvent({ headers, body }))),
        ),
    },
    'pay-notify-v2': {
      send: (message) => bodiesOf(message).map((body) => invoke('pay-notify-v2', webhookEvent({ body }))),
    },
    'miniapp-events': {
      send: (message) =>
        [...bodiesOf(message), JSON.stringify(message.fields)].map((body) =>
          invoke('miniapp-events', webhookEvent({ body, rawQueryString: queryOf(message) })),
        ),
    },
    'official-events': {
      send: (message) =>
        bodiesOf(message).map((body) =>
          invoke('official-events', webhookEvent({ body, rawQueryString: queryOf(message) })),
        ),
    },
    register: {
      accepts: 'registration',
      send: ({ text }) => [invoke('register', routeEvent({ body: JSON.stringify({ registrationToken: text }) }))],
    },
    'oauth-callback': {
      accepts: 'oauth-state',
      send: ({ text }) => [
        invoke('oauth-callback', {
          ...routeEvent(
            { rawQueryString: 'code=c&state=state', headers: { accept: 'application/json' } },
            { method: 'GET' },
          ),
          cookies: [`${oauthCookie('state')}=${text}`],
        }),
      ],
    },
    'qr-login-poll': {
      accepts: 'poll-token',
      send: ({ text }) => [
        invoke(
          'qr-login-poll',
          routeEvent(
            { pathParameters: { ticket: 'x'.repeat(22) }, headers: { 'x-poll-token': text.slice(0, 64) } },
            { method: 'GET' },
          ),
        ),
      ],
    },
    'a route with a session': {
      accepts: 'session',
      send: ({ text }) =>
        sessionRoutes.flatMap((endpoint) => {
          const { method } = endpoint;
          const [name, origin] = [functionOf(endpoint), 'https://www.example.com'];
          const pathParameters = { ticket: 'x'.repeat(22), outTradeNo: 'x'.repeat(32) };
          return [
            invoke(name, routeEvent({ pathParameters, headers: { authorization: `Bearer ${text}` } }, { method })),
            invoke(name, {
              ...routeEvent({ pathParameters, headers: { origin } }, { method }),
              cookies: [`__Host-session=${text}`],
            }),
          ];
        }),
    },
  };

describe('a message that this system signed', () => {
  it('is collected from every module that signs or encrypts', () => {
    const sources = globSync('{lib,functions}/**/*.ts').map((file) => [file, readFileSync(file, 'utf8')] as const);
    const signers = sources.filter(([, source]) => CREATES.test(source)).map(([file]) => file);
    expect(signers.filter((file) => !(file in NO_MESSAGES)).toSorted()).toEqual(
      [...new Set(messages.map(({ signer }) => signer))].toSorted(),
    );
    expect(signers).toEqual(expect.arrayContaining(Object.keys(NO_MESSAGES)));
    const users = sources.filter(([, source]) => USES.test(source)).map(([file]) => file);
    expect(users.toSorted()).toEqual([
      'lib/h5/jssdk-config.ts',
      'lib/wechat-pay/v2/bills.ts',
      'lib/wechat-pay/v2/client.ts',
      'lib/wechat-pay/v2/payment-sheet.ts',
      'lib/wechat-pay/v2/sign.ts',
      'lib/wechat-pay/v3/api.ts',
      'lib/wechat-pay/v3/bills.ts',
      'lib/wechat-pay/v3/client.ts',
      'lib/wechat-pay/v3/signature.ts',
      'lib/wechat-pay/virtual/client.ts',
      'lib/wechat-pay/virtual/sign.ts',
      'lib/wechat/jssdk-signature.ts',
      'lib/wechat/message-cipher.ts',
      'lib/wechat/open-push.ts',
      'lib/wechat/seal-reply.ts',
      'lib/wechat/session-key.ts',
      'lib/wiring/pay.ts',
    ]);
    const calls = messages.map(({ what }) => what.replace(/[\w-]{28,}.*$/, '…'));
    expect([...new Set(calls)].toSorted()).toEqual([
      'oauth-state token',
      'poll-token token',
      'proof of a login state',
      'registration token',
      'reply of the mini-program',
      'reply of the official account',
      'session token',
      'v2 paySign',
      'v2 request /pay/closeorder',
      'v2 request /pay/downloadbill',
      'v2 request /pay/orderquery',
      'v2 request /pay/refundquery',
      'v2 request /pay/unifiedorder',
      'v3 paySign',
      'v3 request /v3/bill/tradebill',
      'v3 request /v3/certificates',
      'v3 request /v3/pay/transactions/jsapi',
      'v3 request /v3/pay/transactions/out-trade-no/…',
      'v3 request /v3/refund/domestic/refunds',
      'v3 request /v3/refund/domestic/refunds/…',
      'virtual paySig',
      'virtual request /xpay/notify_provide_goods',
      'virtual request /xpay/query_order',
      'virtual request /xpay/refund_order',
      'virtual signature',
      'wx.config',
    ]);
  });

  it.each(Object.entries(ENTRY_POINTS))('is rejected by %s, and nothing is stored', async (_, { accepts, send }) => {
    const before = await stored();
    for (const message of messages) {
      if (accepts !== undefined && message.purpose === accepts) continue;
      for (const { statusCode, cookies = [] } of await Promise.all(send(message))) {
        expect([message.what, statusCode >= 400 && statusCode < 500]).toEqual([message.what, true]);
        expect(cookies.filter((cookie) => /session=[^;]/.test(cookie))).toEqual([]);
      }
    }
    expect(await stored()).toEqual(before);
  });

  it('has a valid signature where the key is shared, so that only its type is wrong', () => {
    const signed = messages.filter(({ signer }) => signer === 'lib/wechat-pay/v2/sign.ts');
    expect(signed.length).toBeGreaterThan(5);
    for (const { fields } of signed) {
      const { sign, ...rest } = fields as Record<string, string>;
      expect(signV2(rest, 'HMAC-SHA256')).toBe(sign);
    }
  });
});
