// The typed clients, made from the document of the running stack, play the flows that they were made for.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { api, phone } from '../support/client.ts';
import { makeClients, PLATFORMS, type ClientModule } from '../support/clients.ts';

let made: Awaited<ReturnType<typeof makeClients>>;
beforeAll(async () => {
  made = await makeClients((await api('GET', '/openapi.json')).body);
});
afterAll(() => made.remove());

describe.each(PLATFORMS)('the client for %s', (platform) => {
  let loaded: ClientModule;
  beforeAll(async () => {
    loaded = await made.load[platform]();
  });

  /** Somebody with a client that holds their token. */
  const somebody = async (about: object = {}) => {
    const person = await phone.newPerson(about);
    const held: { token?: string } = {};
    const client = loaded.createClient({ baseUrl: inject('stack').http, getToken: () => held.token });
    return { person, client, hold: ({ token }: { token: string }) => (held.token = token) };
  };
  const loggedIn = async () => {
    const one = await somebody();
    one.hold(await one.client.loginMiniapp!({ code: await phone.loginCode(one.person) }));
    return one;
  };

  it('logs in, binds the phone, buys and sees the order paid', async () => {
    const { person, client, hold } = await somebody({ phone: platform === 'h5' ? '13712340001' : '13712340002' });
    const session = await client.loginMiniapp!({ code: await phone.loginCode(person) });
    expect(session).toMatchObject({ isNewUser: true, user: { initialized: false } });
    hold(session);
    const { code } = await phone.act(person, 'phone-code');
    hold(await client.bindPhone!({ code }));
    expect((await client.getMe!()).user).toMatchObject({
      id: session.user.id,
      phone: expect.stringMatching(/^137\*{4}000/),
    });

    const purchase = { sku: 'coffee', tradeType: 'JSAPI', idempotencyKey: crypto.randomUUID() };
    const { order, payment } = await client.prepay!(purchase);
    expect((await client.prepay!(purchase)).order.outTradeNo).toBe(order.outTradeNo);
    await phone.act(person, 'pay', { prepayId: payment.package });
    expect((await client.getOrder!(order)).order).toMatchObject({ state: 'PAID', amountFen: 1800 });
    expect((await client.listOrders!()).orders).toHaveLength(1);
    expect(await client.getWallet!()).toEqual({ balanceFen: 0 });
    expect(await client.logout!()).toBeUndefined();
    await expect(client.getMe!()).rejects.toMatchObject({ code: 'UNAUTHENTICATED', status: 401 });
  });

  it('waits for a scan, and registers', async () => {
    const { person, client } = await somebody();
    const qr = await client.createQrLogin!();
    expect(await client.pollQrLogin!(qr)).toEqual({ status: 'pending' });
    await phone.act(person, 'scan', { content: qr.content });
    const { status, registrationToken } = await client.pollQrLogin!(qr);
    expect(status).toBe('unregistered');
    expect(await client.register!({ registrationToken })).toMatchObject({ tokenType: 'Bearer' });
    await expect(client.pollQrLogin!(qr)).rejects.toMatchObject({ code: 'TICKET_EXPIRED', status: 410 });
  });

  it('decides about a code that was scanned', async () => {
    const { client } = await loggedIn();
    const { ticket, pollToken, imageUrl } = await client.createQrLogin!({ via: 'mini-program' });
    expect(imageUrl).toMatch(/^data:image/);
    expect(await client.decideQrLogin!({ ticket, decision: 'scan' })).toMatchObject({ status: 'scanned' });
    expect(await client.decideQrLogin!({ ticket, decision: 'confirm' })).toMatchObject({ status: 'confirmed' });
    expect(await client.pollQrLogin!({ ticket, pollToken })).toMatchObject({ status: 'registered' });
  });

  it('throws what the service refused, with all that it said', async () => {
    const { client } = await loggedIn();
    const refused: unknown = await client.updateProfile!({ nickname: 'a\u0000b' }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(loaded.ApiError);
    expect(refused).toMatchObject({
      code: 'PARAM_ERROR',
      status: 400,
      message: expect.stringContaining('nickname'),
      detail: { field: 'body.nickname' },
      requestId: expect.stringMatching(/./),
    });
    await expect(client.getOrder!({ outTradeNo: 'no such' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

it('knows the address to log in at inside WeChat, where there is a browser to go there', async () => {
  const options = { baseUrl: inject('stack').http };
  expect((await made.load.miniprogram()).createClient(options)).not.toHaveProperty('authorizeUrl');
  const client = (await made.load.h5()).createClient(options);
  const redirect = `${options.baseUrl}/page?a=1&b=你`;
  const address: string = client.authorizeUrl!({ redirect, scope: 'snsapi_userinfo' });
  const { status, headers } = await api('GET', address.slice(options.baseUrl.length));
  expect(status).toBe(302);
  expect(headers.get('location')).toContain('scope=snsapi_userinfo');
});
