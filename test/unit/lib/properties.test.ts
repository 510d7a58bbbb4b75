// Property tests: rules that hold for every generated input.
import { createCipheriv, generateKeyPairSync, sign } from 'node:crypto';
import type { Context, LambdaFunctionURLEvent } from 'aws-lambda';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../lib/core/errors.ts';
import { webhook } from '../../../lib/http/webhook.ts';
import { redact } from '../../../lib/core/log.ts';
import { nextState, type OrderEvent } from '../../../lib/pay/order.ts';
import { priceOf } from '../../../lib/pay/price.ts';
import { openPayNotification } from '../../../lib/wechat-pay/v3/open-notification.ts';
import type { OrderState } from '../../../lib/store/orders.ts';
import { readMessageKey } from '../../../lib/wechat/message-cipher.ts';
import { openOfficialPush } from '../../../lib/wechat/official-push.ts';
import { cdata } from '../../../lib/core/cdata.ts';
import { parseXml } from '../../../lib/wechat/xml.ts';

const text = fc.string({ unit: 'binary', maxLength: 200 });
/** Text of characters that XML allows. */
const xmlText = text.map((value) => value.replaceAll(/[^\t\n\u0020-\uD7FF\uE000-\uFFFD]/g, ''));
/** Returns the code of an AppError, or undefined without an error. Other errors are rethrown and fail the test. */
const errorCode = (run: () => unknown): string | undefined => {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
};

const asyncErrorCode = (opening: Promise<unknown>): Promise<string | undefined> =>
  opening.then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof AppError) return error.code;
      throw error;
    },
  );

describe('XML', () => {
  it('returns any text that was written as a CDATA section', () => {
    fc.assert(
      fc.property(xmlText, (value) => {
        expect(parseXml(`<xml><Other>${cdata(value)}</Other></xml>`)['Other'] ?? '').toBe(value);
      }),
    );
  });

  it('returns any text of a user that was not escaped', () => {
    const bits = fc.constantFrom(
      '<![CDATA[',
      ']]>',
      '<Content>',
      '</Content>',
      '</xml>',
      '<!DOCTYPE x>',
      '&lt;',
      '"',
      'x',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          xmlText,
          fc.array(bits, { maxLength: 8 }).map((parts) => parts.join('')),
        ),
        (value) => {
          fc.pre(!value.includes(']]]]><![CDATA[>'));
          const xml = `<xml><FromUserName>o</FromUserName><Content><![CDATA[${value}]]></Content><MsgId>1</MsgId></xml>`;
          expect(parseXml(xml)).toEqual({ FromUserName: 'o', Content: value, MsgId: '1' });
        },
      ),
    );
  });

  it('is parsed or rejected with PARAM_ERROR, and changes no prototype', () => {
    const bits = [
      '<xml>',
      '</xml>',
      '<a>',
      '</a>',
      '<__proto__>',
      '</__proto__>',
      '<![CDATA[',
      ']]>',
      '&amp;',
      '&#0;',
      '<?',
      'x',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...bits), { maxLength: 20 }), (parts) => {
        const code = errorCode(() => parseXml(parts.join('')));
        expect([undefined, 'PARAM_ERROR']).toContain(code);
        expect(({} as Record<string, unknown>)['a']).toBeUndefined();
      }),
    );
  });
});

describe('openOfficialPush', () => {
  const names = fc.constantFrom('signature', 'msg_signature', 'timestamp', 'nonce', 'encrypt_type');
  const bodies = fc.oneof(
    text,
    text.map((encrypted) => `<xml><Encrypt>${cdata(encrypted)}</Encrypt></xml>`),
  );

  it.each(['plain', 'compatible', 'secure'] as const)('rejects any push with a wrong signature in %s mode', (mode) => {
    const aesKeys = [readMessageKey('A'.repeat(43))!];
    const keys = { mode, token: 'AAAAA', appId: 'wx', aesKeys, nowMs: 1_714_037_059_000 };
    fc.assert(
      fc.property(fc.dictionary(names, text), bodies, (query, body) => {
        const code = errorCode(() => openOfficialPush(new URLSearchParams(query), Buffer.from(body), keys));
        expect(code).toBe('FORBIDDEN');
      }),
    );
  });
});

describe('openPayNotification', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const apiV3Key = '0123456789abcdef0123456789abcdef';
  const nowMs = 1_800_000_000_000;
  const nonce = 'AbCdEfGhIjKl';
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(apiV3Key), Buffer.from(nonce));
  const plain = JSON.stringify({
    appid: 'wx',
    mchid: '1',
    out_trade_no: 'n',
    trade_state: 'SUCCESS',
    transaction_id: 't',
    success_time: '2027-01-15T16:00:00+08:00',
    amount: { total: 100, currency: 'CNY' },
  });
  const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  const resource = { algorithm: 'AEAD_AES_256_GCM', ciphertext: sealed.toString('base64'), nonce };
  const body = Buffer.from(
    JSON.stringify({ id: 'i', event_type: 'TRANSACTION.SUCCESS', resource_type: 'encrypt-resource', resource }),
  );
  const signed = (bytes: Buffer) => {
    const message = Buffer.concat([Buffer.from(`${nowMs / 1_000}\nn\n`), bytes, Buffer.from('\n')]);
    return {
      'wechatpay-timestamp': String(nowMs / 1_000),
      'wechatpay-nonce': 'n',
      'wechatpay-serial': 'K',
      'wechatpay-signature': sign('RSA-SHA256', message, privateKey).toString('base64'),
    };
  };
  const headers = signed(body);
  const platformKeys = async (serial: string) => (serial === 'K' ? publicKey : undefined);
  const keys = { platformKeys, apiV3Keys: [apiV3Key], nowMs, mchId: '1', appIds: ['wx'] };
  const open = (request: Parameters<typeof openPayNotification>[0]) => openPayNotification(request, keys);

  it('opens an unchanged notification', async () => {
    expect(await open({ headers, body })).toMatchObject({
      kind: 'payment',
      transaction: { payment: { amountFen: 100 } },
    });
  });

  it('rejects a notification with one changed bit in its body', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(body.length - 1), fc.nat(7), async (at, bit) => {
        const changed = Buffer.from(body);
        changed[at]! ^= 1 << bit;
        expect(await asyncErrorCode(open({ headers, body: changed }))).toBe('FORBIDDEN');
      }),
    );
  });

  it('rejects a notification with any changed header', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(headers)), text, async (name, value) => {
        fc.pre(value !== headers[name as keyof typeof headers]);
        expect(await asyncErrorCode(open({ headers: { ...headers, [name]: value }, body }))).toBe('FORBIDDEN');
      }),
    );
  });

  it('opens any signed body that is not a notification as unreadable', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.json(), text), async (nonsense) => {
        const bytes = Buffer.from(nonsense);
        expect(await open({ headers: signed(bytes), body: bytes })).toMatchObject({ kind: 'unreadable' });
      }),
      { numRuns: 40 },
    );
  });
});

describe('webhook', () => {
  beforeEach(() => {
    for (const level of ['info', 'error'] as const) vi.spyOn(console, level).mockImplementation(() => undefined);
  });

  it('returns the response of its flow for any event of a function URL', async () => {
    const handler = webhook(
      'any',
      async ({ body, query }) => ({ statusCode: 200, body: `${body.length} ${query.size}` }),
      ({ status }) => ({ statusCode: status }),
    );
    const event = fc.record(
      { body: text, isBase64Encoded: fc.boolean(), rawQueryString: text, headers: fc.dictionary(text, text) },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(event, async (part) => {
        const whole = { requestContext: { http: { method: 'POST' } }, ...part } as unknown as LambdaFunctionURLEvent;
        expect(await handler(whole, { awsRequestId: 'r' } as Context)).toMatchObject({ statusCode: 200 });
      }),
    );
  });
});

describe('nextState', () => {
  const events = fc.array(fc.constantFrom<OrderEvent>('accepted', 'paid', 'closed'), { maxLength: 12 });

  it('ends as PAID exactly if `paid` is among the events, in any order and number', () => {
    fc.assert(
      fc.property(events, (happened) => {
        let state: OrderState = 'CREATED';
        for (const event of happened) state = nextState(state, event) ?? state;
        expect(state === 'PAID').toBe(happened.includes('paid'));
      }),
    );
  });
});

describe('priceOf', () => {
  it('multiplies the catalogue price, and accepts no other amount of the buyer', () => {
    const fen = fc.integer({ min: 1, max: 100_000_000 });
    fc.assert(
      fc.property(fen, fc.integer({ min: 1, max: 100 }), fen, (unitFen, quantity, amountFen) => {
        const goods = { sku: 's', kind: 'goods' as const, description: 'd', unitFen };
        const exact = unitFen * quantity;
        expect(priceOf(goods, { sku: 's', quantity }).amountFen).toBe(exact);
        expect(priceOf(goods, { sku: 's', quantity, amountFen: exact }).amountFen).toBe(exact);
        fc.pre(amountFen !== exact);
        expect(() => priceOf(goods, { sku: 's', quantity, amountFen })).toThrow('amountFen must be');
      }),
    );
  });
});

describe('redact', () => {
  it('returns one line of JSON without the value of a secret field', () => {
    const secret = 's3cr3t-s3cr3t';
    const names = fc.constantFrom('access_token', 'session_key', 'js_code', 'secret', 'refresh_token');
    fc.assert(
      fc.property(fc.object(), names, text, (fields, name, note) => {
        const line = redact({ ...fields, note, nested: [{ [name]: secret }], text: `${name}=${secret}&a=1` });
        expect(line).not.toContain('\n');
        expect(line).not.toContain(secret);
        expect(JSON.parse(line)).toBeTypeOf('object');
      }),
    );
  });
});
