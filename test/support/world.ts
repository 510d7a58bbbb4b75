import { generateKeyPairSync } from 'node:crypto';
import { startSimulator, type Simulator } from '../../infra/simulator/simulator.ts';
import { LOCAL_AWS } from '../../infra/service/table.ts';
import { redact, type Log } from '../../lib/core/log.ts';
import { once } from '../../lib/core/once.ts';
import { runtime, type Runtime } from '../../lib/core/runtime.ts';
import { openOrderLimit } from '../../lib/pay/open-orders.ts';
import type { TokenOwner } from '../../lib/platform-token/owner.ts';
import { jsapiTicketOwner, loadMiniapp, loadOfficialAccount } from '../../lib/wiring/apps.ts';
import { loadOauthCallback } from '../../lib/wiring/h5.ts';
import { loadAccountClosing, loadLogin, loadPhoneBinding, loadProfileUpdate } from '../../lib/wiring/identity.ts';
import { loadOfficialEvents } from '../../lib/wiring/official-account.ts';
import { loadPrepay, loadRefundOrder, loadSweep } from '../../lib/wiring/pay.ts';
import { loadMiniappQrLogin, loadOfficialQrLogin, loadQrLoginPoll } from '../../lib/wiring/scan-login.ts';
import { loadTable } from '../../lib/wiring/table.ts';
import { control } from './control.ts';
import { assertNoLeaks, issuedBy } from './leaks.ts';
import { freshTable, removeDeadline } from './table.ts';

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
  miniapp: {
    appId: 'wx1111111111111111',
    appSecret: 'miniapp-secret',
    token: 'MMMMM',
    aesKey: 'mnopqrstuvwxyz0123456789ABCDEFGabcdefghijkl',
  },
  official: {
    appId: 'wx2222222222222222',
    appSecret: 'official-secret',
    token: 'AAAAA',
    aesKey: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG',
  },
  pay: {
    mchId: '1900000001',
    certSerial: '408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB',
    apiV3Key: '0123456789abcdef0123456789abcdef',
    apiV2Key: 'v2v2v2v2v2v2v2v2v2v2v2v2v2v2v2v2',
    platformKeyId: 'PUB_KEY_ID_0000000000000000000000000000000001',
  },
  virtual: {
    offerId: '1450000001',
    liveAppKey: 'live0123456789abcdef0123456789ab',
    sandboxAppKey: 'sandbox9abcdef0123456789abcdef01',
  },
  jwkSet: JSON.stringify({ keys: [{ ...signingKey, kid: 'test' }] }),
  merchantPrivateKey: merchantKeys.privateKey,
  merchantPublicKey: merchantKeys.publicKey,
  platformPrivateKey: platformKeys.privateKey,
  platformPublicKey: platformKeys.publicKey,
};

/** Goods of virtual payment that were published long ago. `createBuyers` stores their prices. */
const VIRTUAL_GOODS = [
  { id: 'top-up', name: 'Top-up', price: 100 },
  { id: 'lesson', name: 'Lesson', price: 600 },
];

export interface WorldOptions {
  callbackUrl?: string;
  notifyUrls?: { v3: string; v2: string };
  /** Puts a proxy before the engine. The table then keeps the request timeout of a deployment. */
  via?: (endpoint: string) => string;
}

export type Settings = Record<string, string>;

export const REFUND_SETTLES_MS = 10_000;

export type World = Awaited<ReturnType<typeof createWorld>>;

/**
 * Creates a table, a simulator and the dependencies that the production loaders build from environment variables. Only the
 * clock, the log and the request timeout of the table are replaced. Tests can move the clock of the flows. Calls to WeChat
 * Pay are signed with the real time, like the responses of the simulator.
 */
export async function createWorld({
  callbackUrl = 'http://127.0.0.1:9/',
  notifyUrls = { v3: 'http://localhost:9/pay-notify', v2: 'http://localhost:9/pay-notify-v2' },
  via,
}: WorldOptions = {}) {
  const { name, endpoint } = await freshTable();
  const simulator = await startSimulator({
    port: 0,
    miniapp: ids.miniapp,
    official: { ...ids.official, callbackUrl },
    pay: {
      ...ids.pay,
      merchantPublicKey: merchantKeys.publicKey,
      platformPrivateKey: platformKeys.privateKey,
      refundCallbackUrl: notifyUrls.v2,
      complaintCallbackUrl: notifyUrls.v3,
      // Long enough for a test to observe a refund in progress on a slow machine.
      refundSettlesMs: REFUND_SETTLES_MS,
    },
    virtual: { ...ids.virtual, goods: VIRTUAL_GOODS },
  });
  const settings: Settings = {
    ...settingsFor(simulator.url),
    AWS_ENDPOINT_URL_DYNAMODB: via ? via(endpoint) : endpoint,
    TABLE_NAME: name,
    PAY_NOTIFY_URL: notifyUrls.v3,
    PAY_V2_NOTIFY_URL: notifyUrls.v2,
  };
  Object.assign(process.env, settings);

  const clock = { offsetMs: 0 };
  const lines: string[] = [];
  const outside: Runtime = { ...runtime, now: () => Date.now() + clock.offsetMs, log: recordingLog(lines) };
  const base = { ...(await loadTable(outside)), apiBaseUrl: simulator.url };
  if (!via) removeDeadline(base.table);

  const sessions = await loadQrLoginPoll(outside);
  /** Builds the dependencies of payments like a cold instance, with changed settings or another `send` or `sleep`. */
  const payWith = async ({ send = runtime.send, sleep = runtime.sleep, api = 'v3', ...change }: PayChange = {}) => {
    const { settings: changed = {} } = change;
    const signedByRealTime = { ...outside, now: Date.now, send, sleep };
    Object.assign(process.env, settings, changed, { PAY_API: api });
    const deps = {
      ...(await loadPrepay(signedByRealTime)).within(Number.POSITIVE_INFINITY),
      ...(await loadRefundOrder(signedByRealTime)),
      ...(await loadSweep(signedByRealTime)),
      now: outside.now,
      tokens: sessions.tokens,
      limitOpenOrders: openOrderLimit(base),
    };
    // The first call loads the credentials, so it must run before the settings are restored.
    await Promise.all([deps.payApi('v3'), deps.payApi('v2'), deps.payApi('virtual')]);
    Object.assign(process.env, settings);
    return deps;
  };
  /** Builds the dependencies of prepay like a cold instance, with changed settings. */
  const prepayWith = async (change: Settings) => {
    Object.assign(process.env, settings, change);
    const loaded = await loadPrepay(outside).finally(() => Object.assign(process.env, settings));
    return { ...loaded.within(Number.POSITIVE_INFINITY), tokens: sessions.tokens };
  };
  const { app: _, ...profile } = await loadProfileUpdate(outside);
  const closing = {
    ...(await loadAccountClosing({ ...outside, now: Date.now })),
    now: outside.now,
    tokens: sessions.tokens,
  };
  /** Closes the world and checks that its log contains no secret and no personal data. */
  const close = async () => {
    const issued = await issuedBy(simulator.url);
    await simulator.close();
    assertNoLeaks(lines.join('\n'), issued);
  };
  return {
    table: base.table,
    simulator: { ...simulator, close },
    settings,
    clock,
    lines,
    outside,
    base,
    miniapp: {
      ...(await loadMiniappQrLogin(outside)),
      ...(await loadLogin(outside)),
      ...(await loadPhoneBinding(outside)),
      ...profile,
    },
    sessions,
    official: { ...(await loadOfficialAccount(outside)), ...(await loadOfficialQrLogin(outside)) },
    officialEvents: await loadOfficialEvents(outside),
    oauth: await loadOauthCallback(outside),
    closing,
    pay: await payWith(),
    payWith,
    prepayWith,
    coldAccessToken: (app: 'miniapp' | 'official' = 'official') =>
      coldOwner(async () => (await (app === 'official' ? loadOfficialAccount : loadMiniapp)(outside)).accessToken),
    coldJsapiTicket: () => coldOwner(async () => jsapiTicketOwner(await loadOfficialAccount(outside))),
    phone: phoneOf(simulator),
    calls: (path: string) => callsTo(simulator, path),
    /** Binds apps to one Open Platform account, so that their users have a unionid. */
    bindOpenPlatform: (...bound: ('miniapp' | 'official')[]) =>
      control(simulator, 'POST', '/_open-platform', { bound }),
    fault: (plan: object) => control(simulator, 'POST', '/_faults', plan),
    faults: (target: string, action: string, times = 1) =>
      control(simulator, 'POST', '/_faults', { target, action, times }),
  };
}

interface PayChange {
  send?: Runtime['send'];
  sleep?: Runtime['sleep'];
  api?: 'v3' | 'v2';
  settings?: Settings;
}

/** Returns the settings of a deployment that calls the simulator instead of WeChat. */
function settingsFor(wechat: string): Settings {
  return {
    ...LOCAL_AWS,
    SECRETS_PATH: '',
    JWT_SIGNING_KEYS: ids.jwkSet,
    PUBLIC_BASE_URL: 'https://api.example.com',
    ALLOWED_ORIGINS: 'https://www.example.com',
    SITE_NAME: '示例站',
    SCAN_LOGIN_CONFIRM: 'tap',
    SCAN_LOGIN_REGISTER: 'ask',
    // Tests repeat requests more often than clients.
    LIMITS_FACTOR: '1000',
    WECHAT_API_BASE_URL: wechat,
    WECHAT_OPEN_BASE_URL: wechat,
    WECHAT_MP_BASE_URL: wechat,
    WECHAT_PAY_BASE_URL: wechat,
    MINIAPP_APP_ID: ids.miniapp.appId,
    MINIAPP_APP_SECRET: ids.miniapp.appSecret,
    MINIAPP_TOKEN: ids.miniapp.token,
    MINIAPP_AES_KEY: ids.miniapp.aesKey,
    MINIAPP_MODE: 'secure',
    OFFICIAL_APP_ID: ids.official.appId,
    OFFICIAL_APP_SECRET: ids.official.appSecret,
    OFFICIAL_TOKEN: ids.official.token,
    OFFICIAL_AES_KEY: ids.official.aesKey,
    OFFICIAL_MODE: 'secure',
    PHONE_TAKEOVER_DAYS: '90',
    DEPLOYED_ON: '2026-01-01',
    // A test with files starts a bucket before its world (test/support/bucket.ts).
    AWS_ENDPOINT_URL_S3: process.env.AWS_ENDPOINT_URL_S3 ?? 'http://127.0.0.1:9',
    UPLOADS_BUCKET: 'uploads',
    PAY_API: 'v3',
    PAY_MCH_ID: ids.pay.mchId,
    PAY_MCH_CERT_SERIAL: ids.pay.certSerial,
    PAY_MCH_PRIVATE_KEY: ids.merchantPrivateKey,
    PAY_API_V2_KEY: ids.pay.apiV2Key,
    PAY_API_V3_KEY: ids.pay.apiV3Key,
    PAY_API_V3_KEY_PREVIOUS: '',
    PAY_PUBLIC_KEY_ID: ids.pay.platformKeyId,
    PAY_PUBLIC_KEY: ids.platformPublicKey,
    VIRTUAL_PAY_OFFER_ID: ids.virtual.offerId,
    VIRTUAL_PAY_APP_KEY: ids.virtual.liveAppKey,
    VIRTUAL_PAY_ENV: 'live',
    // Tests of ordinary payments buy top-ups too. Tests of virtual payment set `false`.
    VIRTUAL_PAY_EXEMPT: 'true',
  };
}

/** Loads a token owner like a separate instance, which shares only the table. */
function coldOwner(load: () => Promise<TokenOwner>): Pick<TokenOwner, 'get' | 'withToken' | 'request'> {
  const owner = once(load);
  return {
    get: async () => (await owner()).get(),
    request: async () => (await owner()).request(),
    withToken: async (call) => (await owner()).withToken(call),
  };
}

export interface Person {
  id: string;
  openIds: { miniapp: string; official: string };
  unionId: string;
}

/** The result of a push: the answer as received, and the reply that the user sees. */
export interface ChatPush {
  status: number;
  body: string;
  reply: { type: string; content: string } | null;
}

function phoneOf(simulator: Simulator) {
  const act = (person: Person, action: string, body: object = {}) =>
    control(simulator, 'POST', `/_phone/users/${person.id}/${action}`, body);
  return {
    act,
    newPerson: async (about: object = {}): Promise<Person> =>
      (await control(simulator, 'POST', '/_phone/users', about)) as Person,
    loginCode: async (person: Person): Promise<string> => ((await act(person, 'login-code')) as { code: string }).code,
    /** Taps a link of the chat, or sends its id like a modified client if the chat has no such link. */
    tap: async (person: Person, menuId: string, { dropMenuId = false } = {}): Promise<ChatPush> =>
      ((await act(person, 'tap', { menuId, dropMenuId })) as { push: ChatPush }).push,
  };
}

async function callsTo(simulator: Simulator, path: string): Promise<number> {
  const log = (await control(simulator, 'GET', '/_log')) as { kind: string; path: string }[];
  return log.filter((entry) => entry.kind === 'call' && entry.path === path).length;
}

/** Records log lines in the format of production. */
function recordingLog(lines: string[]): Log {
  const record = (event: string, fields?: object) => void lines.push(redact({ evt: event, ...fields }));
  return { info: record, warn: record, error: record };
}
