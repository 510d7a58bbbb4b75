// The client flows with the typed clients, which are generated from the OpenAPI document of the running stack.
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { api, phone } from '../support/client.ts';
import { clientExample } from '../support/client-examples.ts';
import { makeClients, PLATFORMS, type ClientModule } from '../support/clients.ts';
import { distinctPng } from '../support/pictures.ts';
import { wxOnPhone } from '../support/wx.ts';

let clients: Awaited<ReturnType<typeof makeClients>>;
beforeAll(async () => {
  clients = await makeClients((await api('GET', '/openapi.json')).body);
});
afterAll(() => clients.remove());

describe.each(PLATFORMS)('generated client for %s', (platform) => {
  let clientModule: ClientModule;
  beforeAll(async () => {
    clientModule = await clients.load[platform]();
  });

  /** Creates a user with a client. `setToken` gives the client the token of a session. */
  const newUser = async (about: object = {}) => {
    const person = await phone.newPerson(about);
    const stored: { token?: string } = {};
    const client = clientModule.createClient({ baseUrl: inject('stack').http, getToken: () => stored.token });
    return { person, client, setToken: ({ token }: { token: string }) => (stored.token = token) };
  };
  const loggedIn = async () => {
    const user = await newUser();
    user.setToken(await user.client.loginMiniapp!({ code: await phone.loginCode(user.person) }));
    return user;
  };

  it('logs in, binds a phone number, buys a coffee and reads the order as PAID', async () => {
    const { person, client, setToken } = await newUser({ phone: platform === 'h5' ? '13712340001' : '13712340002' });
    const session = await client.loginMiniapp!({ code: await phone.loginCode(person) });
    expect(session).toMatchObject({ isNewUser: true, user: { initialized: false } });
    setToken(session);
    const { code } = await phone.act(person, 'phone-code');
    setToken(await client.bindPhone!({ code }));
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

  it('polls a scan login and registers the user', async () => {
    const { person, client } = await newUser();
    const qr = await client.createQrLogin!();
    expect(await client.pollQrLogin!(qr)).toEqual({ status: 'pending', pollIntervalMs: 2000 });
    await phone.act(person, 'scan', { content: qr.content });
    await phone.act(person, 'tap', { menuId: `login-confirm_${qr.ticket}` });
    const { status, registrationToken } = await client.pollQrLogin!(qr);
    expect(status).toBe('unregistered');
    expect(await client.register!({ registrationToken })).toMatchObject({ tokenType: 'Bearer' });
    await expect(client.pollQrLogin!(qr)).rejects.toMatchObject({ code: 'TICKET_EXPIRED', status: 410 });
  });

  it('confirms a scanned code of the mini-program', async () => {
    const { client } = await loggedIn();
    const { ticket, pollToken, imageUrl } = await client.createQrLogin!({ via: 'mini-program' });
    expect(imageUrl).toMatch(/^data:image/);
    expect(await client.decideQrLogin!({ ticket, decision: 'scan' })).toMatchObject({ status: 'scanned' });
    expect(await client.decideQrLogin!({ ticket, decision: 'confirm' })).toMatchObject({ status: 'confirmed' });
    expect(await client.pollQrLogin!({ ticket, pollToken })).toMatchObject({ status: 'registered' });
  });

  it('uploads a picture and makes it the avatar', async () => {
    const { client } = await loggedIn();
    const picture = clients.fileArgument[platform](distinctPng(platform));
    const { uploadId, url, status } = await client.createUpload!(picture);
    expect(['checking', 'passed']).toContain(status);
    await client.updateProfile!({ avatarUploadId: uploadId });
    await vi.waitFor(async () => expect((await client.getMe!()).user.avatarUrl).toBe(url), { timeout: 20_000 });
    const noPicture = clients.fileArgument[platform](Buffer.from('text'));
    await expect(client.createUpload!(noPicture)).rejects.toMatchObject({ code: 'PARAM_ERROR', status: 400 });
  });

  it('throws an ApiError with code, status, message, detail and request id', async () => {
    const { client } = await loggedIn();
    const rejection: unknown = await client.updateProfile!({ nickname: '\u200B' }).catch((error: unknown) => error);
    expect(rejection).toBeInstanceOf(clientModule.ApiError);
    expect(rejection).toMatchObject({
      code: 'PARAM_ERROR',
      status: 400,
      message: expect.stringContaining('nickname'),
      detail: { field: 'body.nickname' },
      requestId: expect.stringMatching(/./),
    });
    await expect(client.getOrder!({ outTradeNo: 'no such' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('the examples for mini-programs', () => {
  type Examples = Record<'login' | 'buyCoffee' | 'recharge', (argument?: unknown) => Promise<{ order?: object }>>;

  /** Runs the examples of the README with the client, on the phone of a new user. */
  const openExamples = async () => {
    const person = await phone.newPerson();
    const module = await clients.load.miniprogram();
    const code = ['In a mini-program', 'Virtual goods'].map(clientExample).join('\n');
    const ofThisStack = code.replace('https://api.example.com', inject('stack').http);
    const wx = wxOnPhone((action, body) => phone.act(person, action, body));
    const context = { wx, require: () => module };
    const examples = runInNewContext(`${ofThisStack}; ({ login, buyCoffee, recharge })`, context) as Examples;
    return { person, examples };
  };

  it('log in, buy a coffee and recharge the wallet', async () => {
    const { examples } = await openExamples();
    await examples.login();
    expect(await examples.buyCoffee(crypto.randomUUID())).toMatchObject({ order: { state: 'PAID', sku: 'coffee' } });
    expect(await examples.recharge(700)).toMatchObject({ order: { state: 'PAID', sku: 'top-up', amountFen: 700 } });
  });

  it('recharge the wallet after another login has replaced the session key', async () => {
    const { person, examples } = await openExamples();
    await examples.login();
    await phone.loginCode(person);
    expect(await examples.recharge(300)).toMatchObject({ order: { state: 'PAID', amountFen: 300 } });
  });
});

it('the H5 client alone builds the authorizeUrl, which redirects to WeChat', async () => {
  const options = { baseUrl: inject('stack').http };
  expect((await clients.load.miniprogram()).createClient(options)).not.toHaveProperty('authorizeUrl');
  const client = (await clients.load.h5()).createClient(options);
  const redirect = `${options.baseUrl}/page?a=1&b=你`;
  const address: string = client.authorizeUrl!({ redirect, scope: 'snsapi_userinfo' });
  const { status, headers } = await api('GET', address.slice(options.baseUrl.length));
  expect(status).toBe(302);
  expect(headers.get('location')).toContain('scope=snsapi_userinfo');
});
