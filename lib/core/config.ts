import { AppError } from './errors.ts';

/** Every setting there is; what each means: infra/docs/settings.ts. */
export type SettingName = PlainName | SecretName;

/**
 * What comes from the parameter store when it is not set as a variable: secrets, and what changes together with one of
 * them. Read with lib/secrets.
 */
export const SECRET_NAMES = [
  'JWT_SIGNING_KEYS',
  'MINIAPP_APP_SECRET',
  'OFFICIAL_APP_SECRET',
  'OFFICIAL_TOKEN',
  'OFFICIAL_AES_KEY',
  'OFFICIAL_AES_KEY_PREVIOUS',
  'PAY_MCH_PRIVATE_KEY',
  'PAY_MCH_CERT_SERIAL',
  'PAY_API_V3_KEY',
  'PAY_API_V3_KEY_PREVIOUS',
  'PAY_API_V2_KEY',
  'PAY_PUBLIC_KEY_ID',
  'PAY_PUBLIC_KEY',
] as const;

export type SecretName = (typeof SECRET_NAMES)[number];

/** What is a variable, and nothing else. */
export type PlainName =
  | 'TABLE_NAME'
  | 'PUBLIC_BASE_URL'
  | 'ALLOWED_ORIGINS'
  | 'SECRETS_PATH'
  | 'WECHAT_API_BASE_URL'
  | 'WECHAT_OPEN_BASE_URL'
  | 'WECHAT_MP_BASE_URL'
  | 'WECHAT_PAY_BASE_URL'
  | 'MINIAPP_APP_ID'
  | 'OFFICIAL_APP_ID'
  | 'OFFICIAL_MODE'
  | 'SITE_NAME'
  | 'SCAN_LOGIN_REGISTER'
  | 'MP_VERIFY_FILES'
  | 'PAY_MCH_ID'
  | 'PAY_API'
  | 'PAY_NOTIFY_URL'
  | 'PAY_V2_NOTIFY_URL'
  | 'BILL_REPORTS_BUCKET'
  | 'EVENT_BUS_NAME'
  // What Lambda and the SDK know as well.
  | 'AWS_REGION'
  | 'AWS_ENDPOINT_URL'
  | 'AWS_ENDPOINT_URL_SSM'
  | 'AWS_LAMBDA_LOG_FORMAT';

/** Settings that have a sensible value of their own: WeChat's hosts, and what nobody has to choose. */
export const DEFAULTS: Partial<Record<PlainName, string>> = {
  WECHAT_API_BASE_URL: 'https://api.weixin.qq.com',
  WECHAT_OPEN_BASE_URL: 'https://open.weixin.qq.com',
  WECHAT_MP_BASE_URL: 'https://mp.weixin.qq.com',
  WECHAT_PAY_BASE_URL: 'https://api.mch.weixin.qq.com',
  ALLOWED_ORIGINS: '',
  SCAN_LOGIN_REGISTER: 'ask',
  MP_VERIFY_FILES: '{}',
  PAY_API: 'v3',
};

/**
 * The named settings. An empty variable counts as missing.
 * @throws NOT_CONFIGURED with the name of the first one that is missing
 */
export function settings<const Name extends PlainName>(...names: Name[]): Record<Name, string> {
  const found = names.map((name) => [name, variable(name) ?? DEFAULTS[name] ?? missing(name)] as const);
  return Object.fromEntries(found) as Record<Name, string>;
}

/** What a variable is set to; undefined when it is empty or not there. */
export function variable(name: SettingName): string | undefined {
  return readText(process.env[name]);
}

/** The value in a text of either source; a blank one is none. PEM text may carry `\n` escapes. */
export function readText(text: string | undefined): string | undefined {
  const value = text?.trim() || undefined;
  return value?.includes('-----BEGIN') ? value.replaceAll('\\n', '\n') : value;
}

/** That a setting is not there. @throws NOT_CONFIGURED, always */
export function missing(name: SettingName): never {
  throw badSetting(name, 'is not set');
}

/**
 * A setting that is the address of a host, without a slash at its end, so that paths can be put behind it.
 * @throws NOT_CONFIGURED
 */
export function addressSetting(name: PlainName): string {
  const { [name]: address } = settings(name);
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
