import type { LambdaFunctionURLEvent } from 'aws-lambda';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createQrLogin } from '../../lib/scan-login/create.ts';
import { pollQrLogin } from '../../lib/scan-login/poll.ts';
import { createWebhookWorld } from '../support/webhooks.ts';
import { ids } from '../support/world.ts';

type Push = { push: { status: number; body: string } };

let world: Awaited<ReturnType<typeof createWebhookWorld>>;
beforeAll(async () => {
  world = await createWebhookWorld('official-events');
});
afterAll(() => world.close());

describe('official-events', () => {
  const scan = async (person: { id: string; openIds: { miniapp: string; official: string }; unionId: string }) => {
    const qr = await createQrLogin(world.official);
    const answer = (await world.phone.act(person, 'scan', { content: qr.content })) as Push;
    return { qr, answer };
  };
  const poll = ({ ticket, pollToken }: { ticket: string; pollToken: string }) =>
    pollQrLogin(world.sessions, { ticket, pollToken });

  it('takes a scan by somebody who follows with it, and one by a follower, and names the site', async () => {
    const person = await world.phone.newPerson();
    for (const kind of ['subscribe', 'scan']) {
      const { qr, answer } = await scan(person);
      expect(answer).toMatchObject({ kind, push: { status: 200, body: expect.stringContaining('示例站') } });
      expect(answer.push.body).toContain(`<ToUserName><![CDATA[${person.openIds.official}]]></ToUserName>`);
      expect(await poll(qr)).toMatchObject({ status: 'unregistered' });
    }
  });

  it('takes the same push three times: one scan, one answer', async () => {
    const { qr } = await scan(await world.phone.newPerson());
    const repeated = world.address.events.at(-1)!;
    const answers = await Promise.all([1, 2].map(() => world.send(repeated)));
    for (const { body } of answers) expect(body).toContain('正在登录');
    await poll(qr);
    await world.send(repeated);
    await expect(poll(qr)).rejects.toMatchObject({ code: 'TICKET_EXPIRED' });
  });

  it('answers success to whatever it has no use for', async () => {
    const person = await world.phone.newPerson();
    await scan(person);
    for (const [action, body] of [
      ['message', { text: '你好' }],
      ['menu-click', { key: 'K' }],
      ['unfollow', {}],
    ] as const) {
      expect(await world.phone.act(person, action, body)).toMatchObject({ push: { status: 200, body: 'success' } });
    }
  });

  it('echoes only for a signed address check, bare and as text', async () => {
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const signature = sha1(ids.official.token, timestamp, 'n');
    const query = `signature=${signature}&timestamp=${timestamp}&nonce=n&echostr=%3Cb%3E1`;
    const get = { ...pushEvent(''), rawQueryString: query, body: undefined };
    get.requestContext.http.method = 'GET';
    const answer = await world.send(get);
    expect(answer).toMatchObject({
      statusCode: 200,
      body: '<b>1',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    });
    const unsigned = await world.send({ ...get, rawQueryString: 'echostr=x' });
    expect(unsigned.statusCode).toBe(403);
    expect(unsigned.body).not.toContain('echostr');
  });

  const forged = async (change: (event: LambdaFunctionURLEvent) => void) => {
    const { qr } = await scan(await world.phone.newPerson());
    const event = structuredClone(world.address.events.at(-1)!);
    change(event);
    return { event, qr };
  };

  it.each([
    ['unsigned', (event: LambdaFunctionURLEvent) => void (event.rawQueryString = 'openid=x')],
    [
      'tampered',
      (event: LambdaFunctionURLEvent) =>
        void (event.rawQueryString = event.rawQueryString.replace('nonce=', 'nonce=x')),
    ],
    [
      'signed with another token',
      (event: LambdaFunctionURLEvent) => void (event.rawQueryString = signedQuery('BBBBB')),
    ],
    ['stale', (event: LambdaFunctionURLEvent) => void (event.rawQueryString = signedQuery(ids.official.token, -301))],
    [
      'from the future',
      (event: LambdaFunctionURLEvent) => void (event.rawQueryString = signedQuery(ids.official.token, 301)),
    ],
    ['without a body', (event: LambdaFunctionURLEvent) => void delete event.body],
    [
      'with a DOCTYPE',
      (event: LambdaFunctionURLEvent) => void (event.body = `<!DOCTYPE xml [<!ENTITY e "x">]>${event.body}`),
    ],
    ['not XML', (event: LambdaFunctionURLEvent) => void (event.body = '{"a":1}')],
    [
      'encrypted, as in compatible mode',
      (event: LambdaFunctionURLEvent) => void (event.rawQueryString += '&encrypt_type=aes&msg_signature=0'),
    ],
    [
      'an encrypted body in plain mode',
      (event: LambdaFunctionURLEvent) =>
        void (event.body = '<xml><ToUserName>gh</ToUserName><Encrypt>AAAA</Encrypt></xml>'),
    ],
    ['larger than 64 KiB', (event: LambdaFunctionURLEvent) => void (event.body = 'x'.repeat(70_000))],
  ])('refuses a push that is %s, and stores nothing', async (_, change) => {
    const { event } = await forged(change);
    await world.expectRefused(event);
  });

  it('reads a body that arrives in base64', async () => {
    const { qr } = await scan(await world.phone.newPerson());
    const event = structuredClone(world.address.events.at(-1)!);
    event.body = Buffer.from(event.body!).toString('base64');
    event.isBase64Encoded = true;
    expect((await world.send(event)).statusCode).toBe(200);
    expect(await poll(qr)).toMatchObject({ status: 'unregistered' });
  });

  it('logs no openid, no key and no signature', () => {
    const text = world.output.join('\n');
    expect(text).not.toBe('');
    expect(text).not.toMatch(/\bo[\w-]{27}\b/);
    const signatures = world.address.events.map(({ rawQueryString }) => /signature=(\w+)/.exec(rawQueryString)![1]!);
    expect(signatures.filter((signature) => text.includes(signature))).toEqual([]);
    expect(text).not.toContain(ids.official.token);
  });
});

function sha1(...parts: string[]): string {
  return createHash('sha1').update(parts.toSorted().join('')).digest('hex');
}

function signedQuery(token: string, skewS = 0): string {
  const timestamp = String(Math.floor(Date.now() / 1_000) + skewS);
  return `signature=${sha1(token, timestamp, 'n')}&timestamp=${timestamp}&nonce=n`;
}

function pushEvent(body: string): LambdaFunctionURLEvent {
  const event = structuredClone(world.address.events.at(-1)!);
  return { ...event, rawQueryString: signedQuery(ids.official.token), body };
}
