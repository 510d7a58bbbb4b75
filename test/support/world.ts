import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { startSimulator, type Simulator } from '../../infra/simulator/simulator.ts';
import { LOCAL_AWS } from '../../infra/service/table.ts';
import { learnUnionId } from '../../lib/identity/sync-identity.ts';
import { sessionTokens } from '../../lib/identity/session-token.ts';
import { redact, type Log } from '../../lib/core/log.ts';
import { createSend } from '../../lib/core/outbound.ts';
import { tokenOwner } from '../../lib/platform-token/owner.ts';
import type { Person as PersonAtWechat } from '../../lib/store/identities.ts';
import { platformTokens } from '../../lib/store/platform-tokens.ts';
import { openTable } from '../../lib/store/table.ts';
import type { WechatApp } from '../../lib/wechat/client.ts';
import { fetchJsapiTicket } from '../../lib/wechat/jsapi-ticket.ts';
import { fetchStableToken } from '../../lib/wechat/stable-token.ts';
import { assertNoLeaks, issuedBy } from './leaks.ts';
import { payDeps } from './pay-world.ts';
import { freshTable, openPatiently } from './table.ts';

const rsaPair = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

const signingKey = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
const merchantKeys = rsaPair();
const platformKeys = rsaPair();

export const ids = {
  miniapp: { appId: 'wx1111111111111111', appSecret: 'miniapp-secret' },
  official: { appId: 'wx2222222222222222', appSecret: 'official-secret', token: 'AAAAA' },
  pay: {
    mchId: '1900000001',
    certSerial: '408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB',
    apiV3Key: '0123456789abcdef0123456789abcdef',
    apiV2Key: 'v2v2v2v2v2v2v2v2v2v2v2v2v2v2v2v2',
    platformKeyId: 'PUB_KEY_ID_0000000000000000000000000000000001',
  },
  jwkSet: JSON.stringify({ keys: [{ ...signingKey, kid: 'test' }] }),
  merchantPrivateKey: merchantKeys.privateKey,
  platformPrivateKey: platformKeys.privateKey,
  platformPublicKey: platformKeys.publicKey,
};

export interface WorldOptions {
  callbackUrl?: string;
  notifyUrls?: { v3: string; v2: string };
  /** What stands before the engine, and loses answers: it is met with the deadlines of a deployment. */
  via?: (endpoint: string) => string;
}

export const REFUND_SETTLES_MS = 10_000;

export type World = Awaited<ReturnType<typeof createWorld>>;

/** A table of its own, a WeChat of its own, and what the flows need to meet both. The clock can be moved. */
export async function createWorld({
  callbackUrl = 'http://127.0.0.1:9/',
  notifyUrls = { v3: 'http://localhost:9/pay-notify', v2: 'http://localhost:9/pay-notify-v2' },
  via,
}: WorldOptions = {}) {
  const { name, endpoint } = await freshTable();
  Object.assign(process.env, LOCAL_AWS, { AWS_ENDPOINT_URL_DYNAMODB: via ? via(endpoint) : endpoint });
  const open = () => (via ? openTable(name) : openPatiently(name));
  const simulator = await startSimulator({
    port: 0,
    miniapp: ids.miniapp,
    official: { ...ids.official, callbackUrl },
    pay: {
      ...ids.pay,
      merchantPublicKey: merchantKeys.publicKey,
      platformPrivateKey: platformKeys.privateKey,
      refundCallbackUrl: notifyUrls.v2,
      // A test that wants to see it under way does so, however slow the machine is.
      refundSettlesMs: REFUND_SETTLES_MS,
    },
  });
  const clock = { offsetMs: 0 };
  const lines: string[] = [];
  const table = open();
  const base = {
    now: () => Date.now() + clock.offsetMs,
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
    randomBytes,
    log: recordingLog(lines),
    send: createSend({ now: Date.now }),
    apiBaseUrl: simulator.url,
    table,
  };
  const tokens = await sessionTokens(ids.jwkSet, base);
  const official = app('official', 'OFFICIAL');
  /** What one cold instance builds: nothing is shared but the table. */
  const coldAccessToken = (owned = official) =>
    tokenOwner(
      { ...base, tokens: platformTokens(open(), owned.appId, 'access_token') },
      { appId: owned.appId, kind: 'access_token', ask: () => fetchStableToken(base, owned) },
    );
  const coldJsapiTicket = () => {
    const accessToken = coldAccessToken();
    return tokenOwner(
      { ...base, tokens: platformTokens(open(), official.appId, 'jsapi_ticket') },
      {
        appId: official.appId,
        kind: 'jsapi_ticket',
        ask: () => accessToken.withToken((token) => fetchJsapiTicket(base, official, token)),
      },
    );
  };
  const officialDeps = { ...base, app: official, accessToken: coldAccessToken(), mpBaseUrl: simulator.url };
  const miniapp = app('miniapp', 'MINIAPP');
  const learn = (person: PersonAtWechat) => learnUnionId({ log: base.log, load: async () => officialDeps }, person);
  const outside = { base, ids, payBaseUrl: simulator.url, notifyUrls };
  /** The end of every world: nothing secret or personal was logged in it. */
  const close = async () => {
    const issued = await issuedBy(simulator.url);
    await simulator.close();
    assertNoLeaks(lines.join('\n'), issued);
  };
  return {
    table,
    simulator: { ...simulator, close },
    clock,
    lines,
    base,
    miniapp: { ...base, tokens, app: miniapp, accessToken: coldAccessToken(miniapp) },
    sessions: { ...base, tokens, register: 'ask' as const, learn },
    official: officialDeps,
    oauth: { ...base, tokens, app: official },
    pay: { ...base, tokens, ...payDeps(outside) },
    /** Payments with something in the place of the real thing; each call is one cold instance. */
    payWith: (change: Parameters<typeof payDeps>[1]) => ({ ...base, tokens, ...payDeps(outside, change) }),
    coldAccessToken,
    coldJsapiTicket,
    phone: phoneOf(simulator),
    calls: (path: string) => callsTo(simulator, path),
    /** The apps that belong to one Open Platform account: in these, people have a unionid. */
    bindOpenPlatform: (...bound: ('miniapp' | 'official')[]) =>
      control(simulator, 'POST', '/_open-platform', { bound }),
    fault: (plan: object) => control(simulator, 'POST', '/_faults', plan),
    faults: (target: string, action: string, times = 1) =>
      control(simulator, 'POST', '/_faults', { target, action, times }),
  };
}

function app(kind: 'miniapp' | 'official', settings: WechatApp['settings']): WechatApp {
  const { appId, appSecret } = ids[kind];
  return { appId, appSecret, settings };
}

export interface Person {
  id: string;
  openIds: { miniapp: string; official: string };
  unionId: string;
}

function phoneOf(simulator: Simulator) {
  const act = (person: Person, action: string, body: object = {}) =>
    control(simulator, 'POST', `/_phone/users/${person.id}/${action}`, body);
  return {
    act,
    newPerson: async (about: object = {}): Promise<Person> =>
      (await control(simulator, 'POST', '/_phone/users', about)) as Person,
    loginCode: async (person: Person): Promise<string> => ((await act(person, 'login-code')) as { code: string }).code,
  };
}

async function callsTo(simulator: Simulator, path: string): Promise<number> {
  const log = (await control(simulator, 'GET', '/_log')) as { kind: string; path: string }[];
  return log.filter((entry) => entry.kind === 'call' && entry.path === path).length;
}

async function control(simulator: Simulator, method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(simulator.url + path, { method, ...(body && { body: JSON.stringify(body) }) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

function recordingLog(lines: string[]): Log {
  const record = (event: string, fields?: object) => void lines.push(redact({ evt: event, ...fields }));
  return { info: record, warn: record, error: record };
}
