import { AppError } from './errors.ts';

/** The name of a setting. infra/docs/settings.ts describes each setting. */
export type SettingName = PlainName | SecretName;

/**
 * Settings that are read from the parameter store unless a variable of the same name is set: secrets, and values that
 * change together with a secret. lib/secrets reads them.
 */
export const SECRET_NAMES = [
  'JWT_SIGNING_KEYS',
  'MINIAPP_APP_SECRET',
  'MINIAPP_TOKEN',
  'MINIAPP_AES_KEY',
  'MINIAPP_AES_KEY_PREVIOUS',
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
  'VIRTUAL_PAY_APP_KEY',
  'ORIGIN_SECRET',
] as const;

export type SecretName = (typeof SECRET_NAMES)[number];

/** Settings that are read from variables only. */
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
  | 'MINIAPP_MODE'
  | 'OFFICIAL_APP_ID'
  | 'OFFICIAL_MODE'
  | 'SITE_NAME'
  | 'SCAN_LOGIN_CONFIRM'
  | 'SCAN_LOGIN_REGISTER'
  | 'MP_VERIFY_FILES'
  | 'JSSDK_API_LIST'
  | 'JSSDK_OPEN_TAG_LIST'
  | 'MINIAPP_ENV_VERSION'
  | 'MINIAPP_LOGIN_PAGE'
  | 'REFUND_NO_PREFIX'
  | 'PHONE_TAKEOVER_DAYS'
  | 'DEPLOYED_ON'
  | 'PAY_MCH_ID'
  | 'PAY_API'
  | 'PAY_NOTIFY_URL'
  | 'PAY_V2_NOTIFY_URL'
  | 'VIRTUAL_PAY_OFFER_ID'
  | 'VIRTUAL_PAY_ENV'
  | 'VIRTUAL_PAY_EXEMPT'
  | 'BILL_REPORTS_BUCKET'
  | 'UPLOADS_BUCKET'
  | 'CONTENT_CHECK'
  | 'ORDER_SHIPPING'
  | 'MINIAPP_ORDER_PAGE'
  | 'EVENT_BUS_NAME'
  | 'LIMITS'
  | 'LIMITS_FACTOR'
  | 'TRUSTED_PROXY'
  // Variables of Lambda and of the AWS SDK.
  | 'AWS_REGION'
  | 'AWS_ENDPOINT_URL'
  | 'AWS_ENDPOINT_URL_SSM'
  | 'AWS_ENDPOINT_URL_S3'
  | 'AWS_LAMBDA_LOG_FORMAT';

/** Default values: the hosts of WeChat, and optional settings. */
export const DEFAULTS: Partial<Record<PlainName, string>> = {
  WECHAT_API_BASE_URL: 'https://api.weixin.qq.com',
  WECHAT_OPEN_BASE_URL: 'https://open.weixin.qq.com',
  WECHAT_MP_BASE_URL: 'https://mp.weixin.qq.com',
  WECHAT_PAY_BASE_URL: 'https://api.mch.weixin.qq.com',
  MINIAPP_MODE: 'secure',
  OFFICIAL_MODE: 'secure',
  ALLOWED_ORIGINS: '',
  SCAN_LOGIN_CONFIRM: 'tap',
  SCAN_LOGIN_REGISTER: 'ask',
  MP_VERIFY_FILES: '{}',
  JSSDK_API_LIST: '',
  JSSDK_OPEN_TAG_LIST: '',
  MINIAPP_ENV_VERSION: 'release',
  MINIAPP_LOGIN_PAGE: '',
  PHONE_TAKEOVER_DAYS: '90',
  CONTENT_CHECK: 'off',
  ORDER_SHIPPING: 'auto',
  MINIAPP_ORDER_PAGE: '',
  PAY_API: 'v3',
  VIRTUAL_PAY_ENV: 'sandbox',
  VIRTUAL_PAY_EXEMPT: 'false',
  LIMITS: 'large',
  LIMITS_FACTOR: '1',
  TRUSTED_PROXY: '',
};

/**
 * Returns the named settings, with default values for missing variables. An empty variable counts as missing.
 * @throws NOT_CONFIGURED with the name of the first missing setting that has no default value
 */
export function settings<const Name extends PlainName>(...names: Name[]): Record<Name, string> {
  const entries = names.map((name) => [name, variable(name) ?? DEFAULTS[name] ?? missing(name)] as const);
  return Object.fromEntries(entries) as Record<Name, string>;
}

/** Returns the value of a variable; undefined when it is empty or not set. */
export function variable(name: SettingName): string | undefined {
  return readText(process.env[name]);
}

/** Trims the text of a variable or a parameter. @returns undefined for a blank text */
export function readText(text: string | undefined): string | undefined {
  return text?.trim() || undefined;
}

/**
 * Throws the error for a setting that is not set.
 * @throws NOT_CONFIGURED always
 */
export function missing(name: SettingName): never {
  throw badSetting(name, 'is not set');
}

/**
 * Returns a setting that holds an http or https address, without slashes at its end, so that a path can be appended.
 * @throws NOT_CONFIGURED when the setting is missing or holds no such address
 */
export function addressSetting(name: PlainName): string {
  const { [name]: address } = settings(name);
  if (URL.canParse(address) && /^https?:/.test(address)) return address.replace(/\/+$/, '');
  throw badSetting(name, 'must be an http or https address such as https://example.com');
}

/** Parses ALLOWED_ORIGINS, a comma-separated list. Compare an origin as a whole, never by its beginning or end. */
export function originsOf(allowedOrigins: string): string[] {
  return allowedOrigins
    .split(',')
    .map((origin) => origin.trim().replace(/\/+$/, ''))
    .filter(Boolean);
}

/**
 * Returns the error for a setting whose value cannot be used.
 * @param reason completes the sentence "NAME …" and never quotes the value
 */
export function badSetting(name: SettingName, reason: string, cause?: unknown): AppError {
  return new AppError('NOT_CONFIGURED', `${name} ${reason}`, { detail: { setting: name }, cause });
}
