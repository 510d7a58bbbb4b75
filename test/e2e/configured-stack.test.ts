// A local stack with the settings of a deployment behind CloudFront whose mini-program is not released yet.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSimulator, type Simulator } from '../../infra/simulator/simulator.ts';
import { settings } from '../unit/simulator/settings.ts';
import { api } from '../support/client.ts';
import { startStack, type Stack } from '../support/stack.ts';

const ORIGIN_SECRET = 'an-origin-secret-of-32-characters';
const TOO_MANY = 429;

/** Another simulator, whose console issues a verification file before the stack starts. */
let console: Simulator;
let file: { name: string; content: string };
let stack: Stack;

// The shape of an answer depends on the call.
// oxlint-disable-next-line typescript/no-explicit-any
async function call(simulator: string, path: string, body: object = {}): Promise<any> {
  const response = await fetch(simulator + path, { method: 'POST', body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
const act = (path: string, body?: object) => call(stack.simulator, path, body);

beforeAll(async () => {
  console = await startSimulator(settings);
  file = await call(console.url, '/_domains');
  stack = await startStack({
    TRUSTED_PROXY: 'cloudfront',
    ORIGIN_SECRET,
    // One code of the mini-program a day and address.
    LIMITS_FACTOR: '0.00001',
    MINIAPP_ENV_VERSION: 'trial',
    MINIAPP_LOGIN_PAGE: 'pages/login/index',
    JSSDK_API_LIST: 'scanQRCode',
    JSSDK_OPEN_TAG_LIST: 'wx-open-launch-weapp',
    MP_VERIFY_FILES: JSON.stringify({ [file.name]: file.content, 'a.html': '<script></script>' }),
  });
});
afterAll(async () => {
  await Promise.all([stack?.stop(), console?.close()]);
});

describe('limits by address', () => {
  const newUser = async (): Promise<string> => (await act('/_phone/users')).id;
  const requestCode = async (id: string, how: object): Promise<number> => {
    const body = { via: 'mini-program' };
    return (await act(`/_phone/users/${id}/visit`, { url: `${stack.http}/qr-login`, body, ...how })).status;
  };
  /** Requests more codes than an address may have in a day, and returns the status of the last answer. */
  const exhaust = async (id: string, how: (attempt: number) => object) => {
    let status = 0;
    for (let attempt = 0; attempt < 4 && status !== TOO_MANY; attempt += 1) {
      status = await requestCode(id, how(attempt));
    }
    return status;
  };

  it('count users behind one edge of CloudFront apart', async () => {
    const through = { via: 'cloudfront', originSecret: ORIGIN_SECRET };
    const [busy, other] = [await newUser(), await newUser()];
    expect(await exhaust(busy, () => through)).toBe(TOO_MANY);
    expect(await requestCode(other, through)).toBe(201);
  });

  it('count users behind a distribution without the secret as one', async () => {
    const through = { via: 'cloudfront' };
    const [busy, other] = [await newUser(), await newUser()];
    expect(await exhaust(busy, () => through)).toBe(TOO_MANY);
    expect(await requestCode(other, through)).toBe(TOO_MANY);
  });

  it('count forged headers of CloudFront for the address that the gateway sees', async () => {
    const [attacker, other] = [await newUser(), await newUser()];
    const forged = (attempt: number) => ({
      headers: { 'CloudFront-Viewer-Address': `203.0.113.${attempt}:1`, 'X-Origin-Secret': 'a-guess' },
    });
    expect(await exhaust(attacker, forged)).toBe(TOO_MANY);
    expect(await requestCode(other, forged(9))).toBe(201);
  });

  it('count the users of a carrier with one address together', async () => {
    const users = await Promise.all(Array.from({ length: 4 }, newUser));
    let last = 0;
    for (const user of users) last = await requestCode(user, { via: 'carrier' });
    expect(last).toBe(TOO_MANY);
  });
});

describe('an H5 payment behind CloudFront', () => {
  const order = async (how: object) => {
    const { id } = await act('/_phone/users');
    const send = async (path: string, request: object) =>
      JSON.parse((await act(`/_phone/users/${id}/visit`, { url: stack.http + path, ...request })).body);
    // The limits of this stack permit one login a minute and address, so each user logs in from an own address.
    const { token } = await send('/miniapp/login', { body: await act(`/_phone/users/${id}/login-code`) });
    const headers = { authorization: `Bearer ${token}` };
    const body = { sku: 'coffee', tradeType: 'H5' };
    const { payment } = await send('/pay/prepay', { headers, body, via: 'cloudfront', ...how });
    return act(`/_phone/users/${id}/pay`, { h5Url: payment.h5Url });
  };

  it('names the address of the viewer, which WeChat compares with the network of the payer', async () => {
    expect(await order({ originSecret: ORIGIN_SECRET })).toHaveProperty('transactionId');
  });

  it('is rejected by WeChat when the distribution does not send the secret', async () => {
    await expect(order({})).rejects.toThrow('网络环境未能通过安全验证');
  });
});

it('creates a login code for the trial version, whose page no release has', async () => {
  const person = await act('/_phone/users');
  await act('/_faults', { target: 'getwxacodeunlimit', action: 'unreleased' });
  // The limits of this stack permit few codes, and this address has none yet.
  const visit = { url: `${stack.http}/qr-login`, body: { via: 'mini-program' } };
  const { body } = await act(`/_phone/users/${person.id}/visit`, visit);
  const { imageUrl, ticket } = JSON.parse(body);
  expect(await act(`/_phone/users/${person.id}/scan`, { content: imageUrl })).toMatchObject({
    page: 'pages/login/index',
    scene: ticket,
    envVersion: 'trial',
  });
});

it('permits the configured interfaces and open tags of the JS-SDK', async () => {
  const url = encodeURIComponent(`${stack.http}/`);
  expect(await api('GET', `/jssdk/config?url=${url}`, { baseUrl: stack.http })).toMatchObject({
    status: 200,
    body: { jsApiList: ['scanQRCode'], openTagList: ['wx-open-launch-weapp'] },
  });
});

it('serves a verification file of any name to the console of WeChat', async () => {
  expect(await call(console.url, `/_domains/${file.name}`, { baseUrl: stack.http })).toEqual({ verified: true });
  const other = await call(console.url, '/_domains');
  expect(await call(console.url, `/_domains/${other.name}`, { baseUrl: stack.http })).toMatchObject({
    verified: false,
  });
});

it('serves a verification file as text, also with an HTML name', async () => {
  const { status, headers, body } = await api('GET', '/a.html', { baseUrl: stack.http });
  expect([status, body]).toEqual([200, '<script></script>']);
  expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
});
