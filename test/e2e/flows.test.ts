// The three flows of the README over HTTP, against the local stack and the phone of the simulator.
import { createRequire } from 'node:module';
import { Validator } from '@seriousme/openapi-schema-validator';
import jsQR from 'jsqr';
import { describe, expect, inject, it } from 'vitest';
import { buildOpenapi } from '../../lib/http/openapi/document.ts';
import { ENDPOINTS } from '../../lib/http/openapi/endpoints.ts';
import { api, phone, simulatorLog } from '../support/client.ts';

const { PNG } = createRequire(import.meta.url)('pngjs') as {
  PNG: { sync: { read(png: Buffer): { data: Buffer; width: number; height: number } } };
};

const login = async () => {
  const person = await phone.newPerson();
  const { body } = await api('POST', '/miniapp/login', { body: { code: await phone.loginCode(person) } });
  return { person, token: body.token as string, user: body.user };
};

describe('mini-program login', () => {
  it('returns a token that works until the logout', async () => {
    const { token, user } = await login();
    expect(user).toMatchObject({ initialized: false, nickname: null, avatarUrl: null, phone: null });
    expect(await api('GET', '/me', { token })).toMatchObject({ status: 200, body: { user } });
    expect(await api('POST', '/logout', { token })).toMatchObject({ status: 204 });
    expect(await api('GET', '/me', { token })).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
    const prepay = { token, body: { sku: 'coffee', tradeType: 'JSAPI' } };
    expect(await api('POST', '/pay/prepay', prepay)).toMatchObject({ status: 401 });
  });

  it('returns one account and working sessions when the same code is sent six times', async () => {
    const code = await phone.loginCode(await phone.newPerson());
    const send = () => api('POST', '/miniapp/login', { body: { code } });
    const answers = await Promise.all([send(), send(), send(), send(), send()]);
    answers.push(await send());
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(new Set(answers.map(({ body }) => body.user.id)).size).toBe(1);
    for (const { body } of answers)
      expect(await api('GET', '/me', { token: body.token })).toMatchObject({ status: 200 });
  });

  it.each([
    ['an unknown code', { body: { code: 'bad' } }, 401, 'WECHAT_CODE_INVALID'],
    ['a missing code', { body: {} }, 400, 'PARAM_ERROR'],
    ['a body that is not JSON', { text: '{' }, 400, 'PARAM_ERROR'],
  ])('rejects %s with a code, a message and a request id', async (_, options, status, code) => {
    const answer = await api('POST', '/miniapp/login', options);
    expect(answer).toMatchObject({
      status,
      body: { code, message: expect.any(String), requestId: expect.stringMatching(/./) },
    });
  });
});

describe('scan login', () => {
  const confirm = (person: Parameters<typeof phone.act>[0], { ticket }: { ticket: string }) =>
    phone.act(person, 'tap', { menuId: `login-confirm_${ticket}` });

  it('registers a user at the first scan, and logs the user in at the second scan by one of 100 polls', async () => {
    const person = await phone.newPerson();
    const first = (await api('POST', '/qr-login')).body;
    expect(first).toMatchObject({ expiresIn: 300, pollIntervalMs: 2000 });
    expect(decode(await image(first.imageUrl))).toBe(first.content);

    const poll = (qr: typeof first) =>
      api('GET', `/qr-login/${qr.ticket}`, { headers: { 'x-poll-token': qr.pollToken } });
    expect(await poll(first)).toMatchObject({ status: 200, body: { status: 'pending' } });
    const scan = await phone.act(person, 'scan', { content: first.content });
    expect(scan).toMatchObject({
      kind: 'subscribe',
      push: { status: 200, reply: { content: expect.stringContaining('wechat-lambda') } },
    });
    expect(await poll(first)).toMatchObject({ status: 200, body: { status: 'scanned', pollIntervalMs: 2000 } });
    await confirm(person, first);
    const { body } = await poll(first);
    expect(body).toMatchObject({ status: 'unregistered' });
    const { registrationToken } = body;
    const registered = await api('POST', '/register', { body: { registrationToken } });
    expect(registered).toMatchObject({ status: 201, body: { tokenType: 'Bearer' } });

    const second = (await api('POST', '/qr-login')).body;
    expect(await phone.act(person, 'scan', { content: second.content })).toMatchObject({ kind: 'scan' });
    await confirm(person, second);
    const polls = await Promise.all(Array.from({ length: 100 }, () => poll(second)));
    const successes = polls.filter(({ status }) => status === 200);
    expect(successes).toHaveLength(1);
    expect(successes[0]).toMatchObject({ body: { status: 'registered', user: { id: registered.body.user.id } } });
    expect(new Set(polls.map(({ status }) => status))).toEqual(new Set([200, 410]));
    const { token } = successes[0]!.body;
    expect(await api('GET', '/me', { token })).toMatchObject({ status: 200 });
    await phone.act(person, 'tap', { menuId: `login-revoke_${second.ticket}` });
    expect(await api('GET', '/me', { token })).toMatchObject({ status: 401 });
    expect(await api('DELETE', '/me', { token })).toMatchObject({ status: 401 });
  });

  it('answers a wrong poll token, a missing poll token and an unknown ticket alike', async () => {
    const { ticket } = (await api('POST', '/qr-login')).body;
    const answers = await Promise.all([
      api('GET', `/qr-login/${ticket}`, { headers: { 'x-poll-token': 'wrong' } }),
      api('GET', `/qr-login/${ticket}`),
      api('GET', '/qr-login/unknown', { headers: { 'x-poll-token': 'wrong' } }),
    ]);
    const bare = answers.map(({ status, body }) => ({ status, body: { ...body, requestId: 'any' } }));
    expect(new Set(bare.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(bare[0]).toMatchObject({ status: 410, body: { code: 'TICKET_EXPIRED' } });
  });

  it('requests at most one access token of an app from WeChat for twenty QR codes', async () => {
    const tokenCalls = async () => (await simulatorLog()).filter(({ path }) => path === '/cgi-bin/stable_token').length;
    const before = await tokenCalls();
    await Promise.all(Array.from({ length: 20 }, () => api('POST', '/qr-login')));
    const calls = (await tokenCalls()) - before;
    // One for each app: the schedule may renew the token of the mini-program meanwhile.
    expect(calls).toBeLessThanOrEqual(2);
  });
});

describe('payment', () => {
  const order = async (body: object = { sku: 'coffee', tradeType: 'JSAPI' }) => {
    const buyer = await login();
    const answer = await api('POST', '/pay/prepay', { token: buyer.token, body });
    return { ...buyer, answer, ...answer.body };
  };
  const state = async (token: string, outTradeNo: string) =>
    (await api('GET', `/pay/orders/${outTradeNo}`, { token })).body.order?.state;

  it('is marked PAID in its order by the notification', async () => {
    const { token, person, answer, order: placed, payment } = await order();
    expect(answer).toMatchObject({ status: 201, body: { order: { amountFen: 1800, state: 'NOTPAY', paidAt: null } } });
    expect(await state(token, placed.outTradeNo)).toBe('NOTPAY');
    const paid = await phone.act(person, 'pay', { prepayId: payment.package.replace('prepay_id=', '') });
    expect(paid).toMatchObject({ notify: { status: 204, body: '' } });
    expect((await api('GET', `/pay/orders/${placed.outTradeNo}`, { token })).body.order).toMatchObject({
      state: 'PAID',
      paidAt: expect.stringMatching(/^\d{4}-.*Z$/),
      refundedFen: 0,
    });
  });

  it('accepts a top-up amount within its range, and rejects another price for goods', async () => {
    const topUp = await order({ sku: 'top-up', amountFen: 5000, tradeType: 'VIRTUAL' });
    expect(topUp.order).toMatchObject({ amountFen: 5000 });
    const coffee = await order({ sku: 'coffee', amountFen: 1, tradeType: 'JSAPI' });
    expect(coffee.answer).toMatchObject({ status: 400, body: { code: 'PARAM_ERROR' } });
    const exact = await order({ sku: 'coffee', amountFen: 1800, tradeType: 'JSAPI' });
    expect(exact.order).toMatchObject({ amountFen: 1800 });
    expect((await order({ sku: 'top-up', amountFen: 1, tradeType: 'VIRTUAL' })).answer).toMatchObject({ status: 400 });
  });

  it.each(['duplicate-notify', 'tamper-notify', 'probe-notify'])('is settled despite the fault %s', async (action) => {
    const { token, person, order: placed, payment } = await order();
    await phone.fault('notify', action);
    await phone.act(person, 'pay', { prepayId: payment.package });
    await phone.advanceClock(15_000);
    expect(await state(token, placed.outTradeNo)).toBe('PAID');
  });

  it('hides its order from other users and from anonymous callers', async () => {
    const { order: placed } = await order();
    const { token } = await login();
    expect(await api('GET', `/pay/orders/${placed.outTradeNo}`, { token })).toMatchObject({
      status: 404,
      body: { code: 'NOT_FOUND' },
    });
    expect(await api('GET', `/pay/orders/${placed.outTradeNo}`)).toMatchObject({ status: 401 });
  });
});

describe('unsigned calls of webhooks', () => {
  it.each([
    ['pay-notify', '{"id":"x","event_type":"TRANSACTION.SUCCESS"}', 'application/json'],
    ['pay-notify', '', undefined],
    ['miniapp-events', '{"MsgType":"event"}', 'application/json'],
    ['official-events', '<xml><MsgType>event</MsgType></xml>', 'text/xml'],
    ['official-events?signature=0&timestamp=1&nonce=2', '<!DOCTYPE a [<!ENTITY b "c">]><xml/>', 'text/xml'],
  ])('%s answers 4xx to the body %j', async (path, body, contentType) => {
    const response = await fetch(`${inject('stack').functionUrls}/${path}`, {
      method: 'POST',
      body,
      ...(contentType && { headers: { 'content-type': contentType } }),
    });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
  });

  it.each(['miniapp-events', 'official-events'])('%s does not return the echostr', async (name) => {
    const response = await fetch(`${inject('stack').functionUrls}/${name}?echostr=hello`);
    expect(response.status).toBe(403);
    expect(await response.text()).not.toContain('hello');
  });
});

describe('GET /jssdk/config', () => {
  const configOf = (query: string) => api('GET', `/jssdk/config?${query}`);
  const page = () => `${inject('stack').http}/page?a=1&b=%E4%BD%A0`;

  it('signs a page of an allowed origin and rejects other origins', async () => {
    expect(await configOf(`url=${encodeURIComponent(`${page()}#part`)}`)).toMatchObject({
      status: 200,
      body: {
        appId: expect.stringMatching(/^wx/),
        signature: expect.stringMatching(/^[0-9a-f]{40}$/),
        jsApiList: expect.arrayContaining(['onMenuShareAppMessage', 'chooseWXPay']),
        url: page(),
      },
    });
    expect(await configOf(`url=${encodeURIComponent('https://evil.example/')}`)).toMatchObject({
      status: 403,
      body: { code: 'ORIGIN_NOT_ALLOWED' },
    });
  });

  it('signs the address of a page that was opened from a shared message, which WeChat accepts', async () => {
    const person = await phone.newPerson();
    const { location } = await phone.act(person, 'open-shared', { url: inject('stack').http });
    const { body: config } = await configOf(`url=${encodeURIComponent(location)}`);
    expect(await phone.act(person, 'wx-config', { location, config })).toEqual({ errMsg: 'config:ok' });
  });

  it.each<[string, () => string]>([
    ['no address', () => ''],
    ['an empty address', () => 'url='],
    ['an unencoded &, which cuts the address', () => `url=${page()}`],
    ['an unknown parameter', () => `url=${encodeURIComponent(page())}&debug=1`],
    ['two addresses', () => `url=${encodeURIComponent(page())}&url=${encodeURIComponent(page())}`],
    ['a decoded address', () => `url=${encodeURIComponent(`${inject('stack').http}/页`)}`],
    ['an address that is encoded twice', () => `url=${encodeURIComponent(encodeURIComponent(page()))}`],
    ['an address without a slash after the host', () => `url=${encodeURIComponent(inject('stack').http)}`],
  ])('describes the right request when it rejects %s', async (_, query) => {
    expect(await configOf(query())).toMatchObject({
      status: 400,
      body: {
        code: 'PARAM_ERROR',
        message: expect.stringContaining("encodeURIComponent(location.href.split('#')[0])"),
      },
    });
  });
});

describe('service', () => {
  it('returns a valid OpenAPI document, which every answer of these tests is checked against', async () => {
    const { body } = await api('GET', '/openapi.json');
    expect(await new Validator().validate(body)).toMatchObject({ valid: true });
    expect(body).toEqual(buildOpenapi(ENDPOINTS));
  });

  it('answers 404 for an unknown route', async () => {
    expect(await api('GET', '/no/such/route')).toMatchObject({ status: 404 });
  });

  it('is healthy and publishes the key that signs its tokens', async () => {
    expect(await api('GET', '/health')).toMatchObject({ status: 200, body: { status: 'ok' } });
    const { keys } = (await api('GET', '/.well-known/jwks.json')).body;
    expect(keys).toEqual([
      { kty: 'OKP', crv: 'Ed25519', x: expect.any(String), kid: expect.any(String), alg: 'EdDSA', use: 'sig' },
    ]);
    const { token } = await login();
    expect(JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString())).toMatchObject({ kid: keys[0].kid });
  });
});

async function image(url: string): Promise<Buffer> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

function decode(png: Buffer): string | undefined {
  const { data, width, height } = PNG.sync.read(png);
  return jsQR.default(new Uint8ClampedArray(data), width, height)?.data;
}
