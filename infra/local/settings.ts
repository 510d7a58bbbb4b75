// A value for every setting of the functions, so that `npm start` needs no account and no file. Each start creates new keys.
// The environment wins.
import { createPublicKey, generateKeyPair, randomBytes, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { SECRET_NAMES } from '../../lib/core/config.ts';
import { readMerchantKey } from '../../lib/wechat-pay/key-text.ts';
import type { Ports } from '../service/ports.ts';
import { LOCAL_AWS } from '../service/table.ts';
import { alphanumeric } from '../simulator/random.ts';
import { PUSH_MODES, type PushMode, type SimulatorSettings } from '../simulator/settings.ts';

const makeKeyPair = promisify(generateKeyPair);

type AccountName = keyof ReturnType<typeof localAccounts>;

export interface LocalSettings {
  /** The variables of the functions. */
  variables: Record<string, string> &
    Record<'TABLE_NAME' | 'AWS_ENDPOINT_URL_DYNAMODB' | 'EVENT_BUS_NAME' | 'SECRETS_PATH', string>;
  simulator: SimulatorSettings;
}

/** Returns the settings of this run: the local defaults, replaced by the values in `env`. */
export async function buildSettings(env: NodeJS.ProcessEnv, ports: Ports, tableName: string): Promise<LocalSettings> {
  const [session, merchant, platform] = await Promise.all([
    makeKeyPair('ed25519'),
    makeKeyPair('rsa', { modulusLength: 2048 }),
    makeKeyPair('rsa', { modulusLength: 2048 }),
  ]);
  const keys = {
    JWT_SIGNING_KEYS: formatSigningKeys(session.privateKey),
    PAY_MCH_PRIVATE_KEY: privatePem(merchant.privateKey),
    PAY_PUBLIC_KEY: publicPem(platform.publicKey),
  };
  const variables = {
    ...withOverrides({ ...localAddresses(ports, env), ...LOCAL_AWS, TABLE_NAME: tableName }, dropEmpty(env)),
    ...withOverrides({ ...localAccounts(), ...keys }, env),
  };
  const merchantKey = derivePublicKey(variables.PAY_MCH_PRIVATE_KEY || keys.PAY_MCH_PRIVATE_KEY);
  return { variables, simulator: simulatorSettings(variables, ports, merchantKey, privatePem(platform.privateKey)) };
}

/**
 * Splits the settings into variables and parameters of the store, as in AWS. A secret that is set in the environment stays a
 * variable.
 */
export function splitSettings(settings: Record<string, string>, env: NodeJS.ProcessEnv) {
  const isStored = ([name]: [string, string]) => (SECRET_NAMES as readonly string[]).includes(name) && !(name in env);
  const entries = Object.entries(settings);
  return {
    variables: Object.fromEntries(entries.filter((entry) => !isStored(entry))),
    parameters: Object.fromEntries(entries.filter((entry) => isStored(entry) && entry[1] !== '')),
  };
}

function localAddresses(ports: Ports, env: NodeJS.ProcessEnv) {
  const http = `http://localhost:${ports.http}`;
  const simulator = `http://localhost:${ports.simulator}`;
  return {
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${ports.dynamodb}`,
    AWS_ENDPOINT_URL_EVENTBRIDGE: `http://127.0.0.1:${ports.aws}`,
    // An IP address: with a host name the SDK would put the bucket into the host.
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${ports.aws}`,
    AWS_ENDPOINT_URL_SSM: `http://127.0.0.1:${ports.aws}`,
    SECRETS_PATH: '/wechat-lambda/local',
    EVENT_BUS_NAME: 'local',
    BILL_REPORTS_BUCKET: 'reports',
    UPLOADS_BUCKET: 'uploads',
    PUBLIC_BASE_URL: http,
    // The site of the local stack first, because the failure page of a login leads there.
    ALLOWED_ORIGINS: `${simulator},${http}`,
    WECHAT_API_BASE_URL: simulator,
    // The host that creates a QR code also serves its image and the consent page.
    WECHAT_MP_BASE_URL: env.WECHAT_API_BASE_URL || simulator,
    WECHAT_OPEN_BASE_URL: env.WECHAT_API_BASE_URL || simulator,
    WECHAT_PAY_BASE_URL: simulator,
    PAY_NOTIFY_URL: `http://localhost:${ports.functionUrls}/pay-notify`,
    PAY_V2_NOTIFY_URL: `http://localhost:${ports.functionUrls}/pay-notify-v2`,
  };
}

function localAccounts() {
  return {
    SITE_NAME: 'wechat-lambda',
    LIMITS: 'large',
    // Ids are the same at every start, because accounts in a persistent table depend on them.
    MINIAPP_APP_ID: 'wx10ca1000000000a1',
    MINIAPP_APP_SECRET: hex(16),
    MINIAPP_TOKEN: hex(16),
    MINIAPP_AES_KEY: alphanumeric(43),
    MINIAPP_AES_KEY_PREVIOUS: '',
    MINIAPP_MODE: 'secure',
    CONTENT_CHECK: 'on',
    ORDER_SHIPPING: 'auto',
    MINIAPP_ORDER_PAGE: 'pages/order/detail',
    OFFICIAL_APP_ID: 'wx10ca1000000000b2',
    OFFICIAL_APP_SECRET: hex(16),
    OFFICIAL_TOKEN: hex(16),
    OFFICIAL_AES_KEY: alphanumeric(43),
    OFFICIAL_AES_KEY_PREVIOUS: '',
    OFFICIAL_MODE: 'secure',
    SCAN_LOGIN_CONFIRM: 'tap',
    SCAN_LOGIN_REGISTER: 'ask',
    MINIAPP_ENV_VERSION: 'release',
    MINIAPP_LOGIN_PAGE: '',
    REFUND_NO_PREFIX: '',
    JSSDK_API_LIST: '',
    JSSDK_OPEN_TAG_LIST: '',
    MP_VERIFY_FILES: '{"MP_verify_localhost0000001.txt":"localhost0000001"}',
    PHONE_TAKEOVER_DAYS: '90',
    DEPLOYED_ON: new Date().toISOString().slice(0, 10),
    PAY_MCH_ID: '1900000001',
    PAY_MCH_CERT_SERIAL: hex(20).toUpperCase(),
    PAY_API: 'v3',
    PAY_API_V3_KEY: hex(16),
    PAY_API_V3_KEY_PREVIOUS: '',
    PAY_API_V2_KEY: hex(16),
    VIRTUAL_PAY_OFFER_ID: '1450000001',
    VIRTUAL_PAY_APP_KEY: alphanumeric(32),
    // As in a shop: the sandbox sends no delivery push.
    VIRTUAL_PAY_ENV: 'live',
    VIRTUAL_PAY_EXEMPT: 'false',
    PAY_PUBLIC_KEY_ID: `PUB_KEY_ID_01${hex(16).toUpperCase()}`,
  };
}

/** The environment wins, also with an empty value: this shows the error of a missing setting. */
function withOverrides<Name extends string>(defaults: Record<Name, string>, env: NodeJS.ProcessEnv) {
  const names = Object.keys(defaults) as Name[];
  return Object.fromEntries(names.map((name) => [name, env[name] ?? defaults[name]])) as Record<Name, string>;
}

/** Drops empty values: an empty address is of no use. */
function dropEmpty(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
}

function simulatorSettings(
  variables: Record<AccountName | 'PAY_NOTIFY_URL' | 'PAY_V2_NOTIFY_URL', string>,
  ports: Ports,
  merchantPublicKey: string,
  platformPrivateKey: string,
): SimulatorSettings {
  return {
    port: ports.simulator,
    miniapp: {
      appId: variables.MINIAPP_APP_ID,
      appSecret: variables.MINIAPP_APP_SECRET,
      token: variables.MINIAPP_TOKEN,
      mode: modeOf(variables.MINIAPP_MODE),
      aesKey: variables.MINIAPP_AES_KEY,
      callbackUrl: `http://localhost:${ports.functionUrls}/miniapp-events`,
    },
    official: {
      appId: variables.OFFICIAL_APP_ID,
      appSecret: variables.OFFICIAL_APP_SECRET,
      token: variables.OFFICIAL_TOKEN,
      mode: modeOf(variables.OFFICIAL_MODE),
      aesKey: variables.OFFICIAL_AES_KEY,
      oauthDomain: 'localhost',
      callbackUrl: `http://localhost:${ports.functionUrls}/official-events`,
    },
    pay: {
      mchId: variables.PAY_MCH_ID,
      certSerial: variables.PAY_MCH_CERT_SERIAL,
      merchantPublicKey,
      apiV3Key: variables.PAY_API_V3_KEY,
      apiV2Key: variables.PAY_API_V2_KEY,
      refundCallbackUrl: variables.PAY_V2_NOTIFY_URL,
      // A merchant registers the address once; `npm run doctor -- --fix` does it for a deployed stage.
      complaintCallbackUrl: variables.PAY_NOTIFY_URL,
      platformKeyId: variables.PAY_PUBLIC_KEY_ID,
      // With PAY_PUBLIC_KEY from the environment the private half is unknown, and signatures do not match.
      platformPrivateKey,
    },
    virtual: {
      offerId: variables.VIRTUAL_PAY_OFFER_ID,
      ...appKeys(variables),
      // As sold by the local catalogue, so that the first purchase need not wait until the good can be bought.
      goods: [{ id: 'top-up', name: 'Wallet top-up', price: 100 }],
    },
  };
}

/** Returns the AppKeys of both environments. The functions know the key of their environment only. */
function appKeys({ VIRTUAL_PAY_ENV, VIRTUAL_PAY_APP_KEY: known }: Record<AccountName, string>) {
  const other = alphanumeric(32);
  return VIRTUAL_PAY_ENV === 'sandbox'
    ? { liveAppKey: other, sandboxAppKey: known }
    : { liveAppKey: known, sandboxAppKey: other };
}

function derivePublicKey(merchantPrivateKey: string): string {
  return publicPem(createPublicKey(readMerchantKey(merchantPrivateKey)));
}

/** Formats a private JWK Set of one key for JWT_SIGNING_KEYS. */
function formatSigningKeys(key: KeyObject): string {
  return JSON.stringify({ keys: [{ ...key.export({ format: 'jwk' }), kid: hex(8), alg: 'EdDSA', use: 'sig' }] });
}

function publicPem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

function privatePem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function hex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}

/** Returns the mode of a push. The functions report an unknown mode. */
function modeOf(setting: string): PushMode {
  return PUSH_MODES.find((mode) => mode === setting) ?? 'secure';
}
