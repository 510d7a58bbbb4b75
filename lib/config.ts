import { AppError } from './errors.ts';

/** Every setting there is; what each means: README, "Settings". */
export type SettingName =
  | 'TABLE_NAME'
  | 'PUBLIC_BASE_URL'
  | 'ALLOWED_ORIGINS'
  | 'JWT_SIGNING_KEYS'
  | 'WECHAT_API_BASE_URL'
  | 'WECHAT_OPEN_BASE_URL'
  | 'WECHAT_MP_BASE_URL'
  | 'WECHAT_PAY_BASE_URL'
  | 'MINIAPP_APP_ID'
  | 'MINIAPP_APP_SECRET'
  | 'OFFICIAL_APP_ID'
  | 'OFFICIAL_APP_SECRET'
  | 'OFFICIAL_TOKEN'
  | 'OFFICIAL_AES_KEY'
  | 'OFFICIAL_AES_KEY_PREVIOUS'
  | 'OFFICIAL_MODE'
  | 'SITE_NAME'
  | 'SCAN_LOGIN_REGISTER'
  | 'MP_VERIFY_FILES'
  | 'PAY_MCH_ID'
  | 'PAY_MCH_CERT_SERIAL'
  | 'PAY_MCH_PRIVATE_KEY'
  | 'PAY_API'
  | 'PAY_API_V2_KEY'
  | 'PAY_API_V3_KEY'
  | 'PAY_API_V3_KEY_PREVIOUS'
  | 'PAY_PUBLIC_KEY_ID'
  | 'PAY_PUBLIC_KEY'
  | 'PAY_NOTIFY_URL'
  | 'PAY_V2_NOTIFY_URL'
  | 'BILL_REPORTS_BUCKET'
  | 'EVENT_BUS_NAME';

/** Settings that have a sensible value of their own: WeChat's hosts, and what nobody has to choose. */
const DEFAULTS: Partial<Record<SettingName, string>> = {
  WECHAT_API_BASE_URL: 'https://api.weixin.qq.com',
  WECHAT_OPEN_BASE_URL: 'https://open.weixin.qq.com',
  WECHAT_MP_BASE_URL: 'https://mp.weixin.qq.com',
  WECHAT_PAY_BASE_URL: 'https://api.mch.weixin.qq.com',
  ALLOWED_ORIGINS: '',
  SCAN_LOGIN_REGISTER: 'ask',
  OFFICIAL_AES_KEY_PREVIOUS: '',
  MP_VERIFY_FILES: '{}',
  PAY_API: 'v3',
  PAY_API_V3_KEY_PREVIOUS: '',
};

/**
 * The named settings. An empty variable counts as missing; PEM text may carry `\n` escapes.
 * Asynchronous, because secrets will not always be in the environment.
 * @throws NOT_CONFIGURED with the name of the first one that is missing
 */
export async function settings<const Name extends SettingName>(...names: Name[]): Promise<Record<Name, string>> {
  const found = names.map((name) => [name, read(name)] as const);
  return Object.fromEntries(found) as Record<Name, string>;
}

/** Whether a setting is there at all. */
export function isSet(name: SettingName): boolean {
  return Boolean(process.env[name]?.trim());
}

/**
 * A setting that is the address of a host, without a slash at its end, so that paths can be put behind it.
 * @throws NOT_CONFIGURED
 */
export async function addressSetting(name: SettingName): Promise<string> {
  const { [name]: address } = await settings(name);
  if (URL.canParse(address) && /^https?:/.test(address)) return address.replace(/\/+$/, '');
  throw badSetting(name, 'must be an address such as https://example.com');
}

/** The origins of ALLOWED_ORIGINS: compared whole, never by how they begin or end. */
export function originsOf(allowedOrigins: string): string[] {
  return allowedOrigins
    .split(',')
    .map((origin) => origin.trim().replace(/\/+$/, ''))
    .filter(Boolean);
}

/** That a setting is there but cannot be used: `reason` completes "NAME …" and never quotes the value. */
export function badSetting(name: SettingName, reason: string, cause?: unknown): AppError {
  return new AppError('NOT_CONFIGURED', `${name} ${reason}`, { detail: { setting: name }, cause });
}

function read(name: SettingName): string {
  const value = process.env[name]?.trim() || DEFAULTS[name];
  if (value === undefined) throw badSetting(name, 'is not set');
  return value.includes('-----BEGIN') ? value.replaceAll('\\n', '\n') : value;
}
