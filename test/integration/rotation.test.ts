// Every key can be rotated while functions run: which keys an instance uses a minute later, and which it still accepts.
import { createHash, createVerify, generateKeyPairSync, randomUUID } from 'node:crypto';
import type { LambdaFunctionURLEvent } from 'aws-lambda';
import { afterEach, describe, expect, it } from 'vitest';
import type { Order } from '../../lib/store/orders.ts';
import { invoke, type Handler } from '../support/function-url.ts';
import { notification } from '../support/pay-notification.ts';
import { paymentNotice, signV2, paymentFields, xml, xmlEvent } from '../support/pay-notification-v2.ts';
import { recordingWechat, startRotation } from '../support/rotation.ts';
import { freshTable } from '../support/table.ts';
import { ids } from '../support/world.ts';

const OTHER_KEY = 'another-key-of-exactly-32-bytes!';
const rsa = () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    publicKey,
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
};

const ended: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

async function rotation(settings: Record<string, string> = {}) {
  const { name, endpoint } = await freshTable();
  const wechat = await recordingWechat();
  const running = await startRotation({
    TABLE_NAME: name,
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    WECHAT_API_BASE_URL: wechat.url,
    WECHAT_PAY_BASE_URL: wechat.url,
    MINIAPP_APP_ID: ids.miniapp.appId,
    OFFICIAL_APP_ID: ids.official.appId,
    SITE_NAME: 'here',
    PAY_MCH_ID: ids.pay.mchId,
    ...settings,
  });
  ended.push(running.stop, wechat.stop);
  return { ...running, wechat };
}

async function handlerOf(name: string): Promise<(event: LambdaFunctionURLEvent) => ReturnType<Handler>> {
  const { handler } = (await import(`../../functions/${name}.ts`)) as { handler: Handler };
  return (event) => invoke(handler, event);
}

describe('JWT_SIGNING_KEYS', () => {
  const key = (kid: string) => ({ ...generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }), kid });
  const [first, second] = [key('first'), key('second')];
  const set = (...keys: object[]) => ({ JWT_SIGNING_KEYS: JSON.stringify({ keys }) });

  const SESSION = { accountId: 'a', sid: 's', createdAtMs: Date.now(), expiresAt: 4_000_000_000 };

  it('verifies with a new key before it signs, and with the old key afterwards', async () => {
    const { put, change } = await rotation({ PUBLIC_BASE_URL: 'https://api.example.com' });
    put(set(first));
    const { fresh } = await import('../../lib/secrets/fresh.ts');
    const { loadSessions } = await import('../../lib/wiring/sessions.ts');
    const sessions = fresh(loadSessions);
    const issue = async () => (await sessions()).tokens.signSession(SESSION);
    const accepts = async (token: string) =>
      (await sessions()).tokens.verifySession(token).then(
        () => true,
        () => false,
      );
    const kid = (token: string) => JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()).kid as string;

    const old = await issue();
    change(set(first, second));
    expect([kid(await issue()), await accepts(old)]).toEqual(['first', true]);
    change(set(second, first));
    const renewed = await issue();
    expect([kid(renewed), await accepts(old), await accepts(renewed)]).toEqual(['second', true, true]);
    change(set(second));
    expect([await accepts(old), await accepts(renewed)]).toEqual([false, true]);
  });
});

describe('secrets of the apps', () => {
  const echo = (token: string) => {
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const signature = createHash('sha1').update([token, timestamp, 'n'].toSorted().join('')).digest('hex');
    return {
      headers: {},
      isBase64Encoded: false,
      rawQueryString: `signature=${signature}&timestamp=${timestamp}&nonce=n&echostr=e`,
      requestContext: { http: { method: 'GET' } },
    } as unknown as LambdaFunctionURLEvent;
  };

  it('official-events accepts the new OFFICIAL_TOKEN and rejects the old token', async () => {
    const { put, change } = await rotation();
    put({ OFFICIAL_TOKEN: 'old', OFFICIAL_AES_KEY: 'a'.repeat(43) });
    const events = await handlerOf('official-events');
    const answers = async () => [(await events(echo('old'))).statusCode, (await events(echo('new'))).statusCode];
    expect(await answers()).toEqual([200, 403]);
    change({ OFFICIAL_TOKEN: 'new' });
    expect(await answers()).toEqual([403, 200]);
  });

  it.each(['MINIAPP', 'OFFICIAL'] as const)(
    'opens pushes with either %s_AES_KEY while both are stored',
    async (app) => {
      const { put, change } = await rotation();
      const [old, renewed] = ['a'.repeat(43), 'b'.repeat(43)];
      put({ [`${app}_TOKEN`]: 't', [`${app}_AES_KEY`]: old });
      const { fresh } = await import('../../lib/secrets/fresh.ts');
      const { loadPushKeys } = await import('../../lib/pushes/push-keys.ts');
      const keys = fresh(() => loadPushKeys(app));
      expect((await keys()).aesKeys).toHaveLength(1);
      change({ [`${app}_AES_KEY_PREVIOUS`]: old, [`${app}_AES_KEY`]: renewed });
      const { readMessageKey } = await import('../../lib/wechat/message-cipher.ts');
      expect((await keys()).aesKeys).toEqual([readMessageKey(renewed), readMessageKey(old)]);
    },
  );

  it.each(['MINIAPP', 'OFFICIAL'] as const)(
    'token-refresh sends the new %s_APP_SECRET in the next call',
    async (app) => {
      const other = app === 'MINIAPP' ? 'OFFICIAL' : 'MINIAPP';
      const { put, change, wechat } = await rotation({ [`${other}_APP_ID`]: '' });
      put({ [`${app}_APP_SECRET`]: 'secret-1' });
      const { handler } = (await import('../../functions/token-refresh.ts')) as {
        handler: (input: object) => Promise<unknown>;
      };
      const used = async () => {
        await handler({}).catch(() => undefined);
        return (JSON.parse(wechat.requests.at(-1)!.body) as { secret: string }).secret;
      };
      expect(await used()).toBe('secret-1');
      change({ [`${app}_APP_SECRET`]: 'secret-2' });
      expect(await used()).toBe('secret-2');
    },
  );
});

it('token-refresh renews the other app when a secret is missing, and the app itself once its secret is stored', async () => {
  const { put, change, wechat } = await rotation();
  put({ OFFICIAL_APP_SECRET: 'official' });
  const { handler } = (await import('../../functions/token-refresh.ts')) as {
    handler: (input: object) => Promise<unknown>;
  };
  const requestedApps = () => wechat.requests.map(({ body }) => (JSON.parse(body) as { appid: string }).appid);
  await expect(handler({})).rejects.toThrow(`${ids.miniapp.appId} (MINIAPP_APP_SECRET is not set)`);
  expect(new Set(requestedApps())).toEqual(new Set([ids.official.appId]));
  change({ MINIAPP_APP_SECRET: 'miniapp' });
  await expect(handler({})).rejects.not.toThrow('MINIAPP_APP_SECRET');
  expect(requestedApps()).toContain(ids.miniapp.appId);
});

describe('keys of WeChat Pay', () => {
  const platform = { PAY_PUBLIC_KEY_ID: ids.pay.platformKeyId, PAY_PUBLIC_KEY: ids.platformPublicKey };
  const merchant = { PAY_MCH_CERT_SERIAL: ids.pay.certSerial, PAY_MCH_PRIVATE_KEY: ids.merchantPrivateKey };
  /** 409: the notification was opened, and its order is unknown. 503: no key opens it. 403: its signature is not valid. */
  const [OPENED, UNREADABLE, REJECTED] = [409, 503, 403];

  it('pay-notify opens notifications with either PAY_API_V3_KEY while both are stored', async () => {
    const { put, change } = await rotation();
    put({ ...platform, ...merchant, PAY_API_V3_KEY: ids.pay.apiV3Key });
    const notify = await handlerOf('pay-notify');
    const sealedWith = async (apiV3Key: string) =>
      (await notify(notification({ out_trade_no: '0'.repeat(32) }, { apiV3Key }))).statusCode;
    const answers = async () => [await sealedWith(ids.pay.apiV3Key), await sealedWith(OTHER_KEY)];
    expect(await answers()).toEqual([OPENED, UNREADABLE]);
    change({ PAY_API_V3_KEY_PREVIOUS: ids.pay.apiV3Key, PAY_API_V3_KEY: OTHER_KEY });
    expect(await answers()).toEqual([OPENED, OPENED]);
  });

  it('pay-notify rejects the old PAY_PUBLIC_KEY once a new key is stored', async () => {
    const { put, change } = await rotation();
    put({ ...platform, ...merchant, PAY_API_V3_KEY: ids.pay.apiV3Key });
    const notify = await handlerOf('pay-notify');
    const answer = async () => (await notify(notification({ out_trade_no: '0'.repeat(32) }))).statusCode;
    expect(await answer()).toBe(OPENED);
    change({ PAY_PUBLIC_KEY_ID: 'PUB_KEY_ID_2', PAY_PUBLIC_KEY: rsa().publicPem });
    expect(await answer()).not.toBe(OPENED);
  });

  it('pay-notify-v2 accepts the new PAY_API_V2_KEY and rejects the old key', async () => {
    const { put, change } = await rotation();
    put({ ...platform, ...merchant, PAY_API_V3_KEY: ids.pay.apiV3Key, PAY_API_V2_KEY: ids.pay.apiV2Key });
    const notify = await handlerOf('pay-notify-v2');
    const fields = paymentFields({ out_trade_no: '0'.repeat(32) });
    const other = xmlEvent(xml({ ...fields, sign: signV2(fields, 'MD5', OTHER_KEY) }));
    const answers = async () => [
      (await notify(paymentNotice({ out_trade_no: '0'.repeat(32) }))).statusCode,
      (await notify(other)).statusCode,
    ];
    expect(await answers()).toEqual([OPENED, REJECTED]);
    change({ PAY_API_V2_KEY: OTHER_KEY });
    expect(await answers()).toEqual([REJECTED, OPENED]);
  });

  it('requests are signed with the new PAY_MCH_PRIVATE_KEY and its serial', async () => {
    const { put, change, wechat } = await rotation();
    const [before, after] = [rsa(), rsa()];
    const [firstSerial, secondSerial] = ['A1'.repeat(20), 'B2'.repeat(20)];
    put({ ...platform, PAY_MCH_PRIVATE_KEY: before.privatePem, PAY_MCH_CERT_SERIAL: firstSerial });
    const { fresh } = await import('../../lib/secrets/fresh.ts');
    const { loadPay } = await import('../../lib/wiring/pay.ts');
    const pay = fresh(loadPay);
    const signedBy = async () => {
      const { payApi } = await pay();
      await (
        await payApi('v3')
      )
        .query({ outTradeNo: randomUUID().replaceAll('-', '') } as Order)
        .catch(() => undefined);
      return wechat.requests.at(-1)!;
    };
    const verifies = ({ url, authorization }: { url: string; authorization: string }, by: typeof before) => {
      const part = (name: string) => new RegExp(`${name}="([^"]+)"`).exec(authorization)![1]!;
      const message = `GET\n${url}\n${part('timestamp')}\n${part('nonce_str')}\n\n`;
      return createVerify('RSA-SHA256').update(message).verify(by.publicKey, part('signature'), 'base64');
    };
    const first = await signedBy();
    expect([first.authorization.includes(`serial_no="${firstSerial}"`), verifies(first, before)]).toEqual([true, true]);
    change({ PAY_MCH_PRIVATE_KEY: after.privatePem, PAY_MCH_CERT_SERIAL: secondSerial });
    const second = await signedBy();
    expect([second.authorization.includes(`serial_no="${secondSerial}"`), verifies(second, after)]).toEqual([
      true,
      true,
    ]);
  });
});
