import type { SettingName } from '../../lib/core/config.ts';
import { INFRASTRUCTURE_SETTINGS } from './infrastructure-settings.ts';
import type { SettingDescription } from './setting-groups.ts';

/** Variables that only the deployment reads. The functions do not get them. */
export type DeploymentSetting =
  | 'DOMAIN_NAME'
  | 'CERTIFICATE_ARN'
  | 'WEBHOOKS'
  | 'EGRESS'
  | 'RESERVED_CONCURRENCY'
  | 'GATEWAY_RATE'
  | 'GATEWAY_BURST'
  | 'ALARM_EMAIL'
  | 'PERMISSIONS_BOUNDARY_ARN';

/** Every setting, in the order of the page. A new setting without an entry fails the type check. */
export const SETTINGS: Record<SettingName | DeploymentSetting, SettingDescription> = {
  MINIAPP_APP_ID: {
    group: 'mini-program',
    meaning: 'AppID of the mini-program. Without it the routes of the mini-program return `NOT_CONFIGURED`.',
    example: 'wxd678efh567hg6787',
  },
  MINIAPP_APP_SECRET: {
    group: 'mini-program',
    meaning: 'AppSecret of the mini-program: 32 hex digits.',
    example: '0123456789abcdef0123456789abcdef',
  },
  MINIAPP_MODE: {
    group: 'mini-program',
    meaning:
      'Message encryption of the mini-program, the same as in its console: `secure`, `compatible` or `plain`. In plain mode a push can be forged.',
    example: 'compatible',
  },
  MINIAPP_TOKEN: {
    group: 'mini-program',
    meaning: 'Token of the message push: 3 to 32 letters and digits, the same as in the console.',
    example: 'f6e5d4c3b2a1',
  },
  MINIAPP_AES_KEY: {
    group: 'mini-program',
    meaning: 'EncodingAESKey of the console: 43 letters and digits. Not needed in plain mode.',
    example: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG',
  },
  MINIAPP_AES_KEY_PREVIOUS: {
    group: 'mini-program',
    meaning: 'Optional. The previous EncodingAESKey, valid during a rotation.',
    example: 'GFEDCBA9876543210zyxwvutsrqponmlkjihgfedcba',
  },
  CONTENT_CHECK: {
    group: 'mini-program',
    meaning:
      "Check of nicknames and pictures by WeChat's content security: `off` or `on`. WeChat demands a check of mini-programs that show content of users.",
    example: 'on',
  },
  ORDER_SHIPPING: {
    group: 'mini-program',
    meaning:
      'Report of the shipping of paid orders to WeChat, which releases the money afterwards: `auto` (if the mini-program is under trade management), `on` or `off`.',
    example: 'on',
  },
  MINIAPP_ORDER_PAGE: {
    group: 'mini-program',
    meaning:
      'Page of the mini-program that shows one order, without a leading slash and a query. `npm run doctor -- --fix` gives it to WeChat, which opens it from its shipping messages and its order list.',
    example: 'pages/order/detail',
    reader: '`npm run doctor`',
  },
  MINIAPP_ENV_VERSION: {
    group: 'mini-program',
    meaning:
      'Version of the mini-program that a login code opens: `release`, `trial` or `develop`. Before the release WeChat creates codes for `trial` and `develop` only, and only testers of the mini-program can open them.',
    example: 'trial',
  },
  MINIAPP_LOGIN_PAGE: {
    group: 'mini-program',
    meaning: 'Page of the mini-program that a login code opens, without a leading slash and a query.',
    example: 'pages/login/index',
    deployedDefault: 'the home page',
  },
  PHONE_TAKEOVER_DAYS: {
    group: 'mini-program',
    meaning:
      'Days without activity after which an account may lose its phone number to a user who proves the number. `0`: never. The number can move up to 14 days later, because activity is recorded with that precision, but never earlier.',
    example: '180',
  },
  DEPLOYED_ON: {
    group: 'mini-program',
    meaning:
      'Day on which an account without a recorded activity counts as active. Each deployment sets its own day. Set the day of the first deployment to keep it.',
    example: '2026-11-20',
    deployedDefault: 'the day of the deployment (UTC)',
  },
  OFFICIAL_APP_ID: {
    group: 'official-account',
    meaning: 'AppID of the official account.',
    example: 'wx10ca1000000000b2',
  },
  OFFICIAL_APP_SECRET: {
    group: 'official-account',
    meaning: 'AppSecret of the official account: 32 hex digits.',
    example: '0123456789abcdef0123456789abcdef',
  },
  OFFICIAL_MODE: {
    group: 'official-account',
    meaning:
      'Message encryption, the same as in the console: `secure`, `compatible` or `plain`. In plain mode a push can be forged, so it confirms no login.',
    example: 'compatible',
  },
  OFFICIAL_TOKEN: {
    group: 'official-account',
    meaning: 'Token of the message push: 3 to 32 letters and digits, the same as in the console.',
    example: 'a1b2c3d4e5f6',
  },
  OFFICIAL_AES_KEY: {
    group: 'official-account',
    meaning: 'EncodingAESKey of the console: 43 letters and digits. Not needed in plain mode.',
    example: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG',
  },
  OFFICIAL_AES_KEY_PREVIOUS: {
    group: 'official-account',
    meaning: 'Optional. The previous EncodingAESKey, valid during a rotation.',
    example: 'GFEDCBA9876543210zyxwvutsrqponmlkjihgfedcba',
  },
  JWT_SIGNING_KEYS: {
    group: 'web',
    meaning:
      'Private JWK Set (Ed25519 or P-256) of the session tokens. The first key signs, every key verifies. `npm run secrets` generates it.',
    example: '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"…","d":"…"}]}',
  },
  SITE_NAME: {
    group: 'web',
    meaning: 'Name that users see when they scan a login code.',
    example: 'Example Coffee',
  },
  ALLOWED_ORIGINS: {
    group: 'web',
    meaning: 'Origins of the web pages that may use the API, separated by commas. Each is compared as a whole.',
    example: 'https://shop.example.com,https://www.example.com',
    deployedDefault: 'none',
  },
  SCAN_LOGIN_CONFIRM: {
    group: 'web',
    meaning:
      'Login with a code of the official account: `tap` asks the user in the chat after the scan, `scan` logs in at the scan. With `scan`, the code of an attacker takes over the account of each user who scans it.',
    example: 'tap',
  },
  SCAN_LOGIN_REGISTER: {
    group: 'web',
    meaning:
      'A scan by a user without an account: `ask` returns a `registrationToken` to the page, `auto` creates the account.',
    example: 'auto',
  },
  PUBLIC_BASE_URL: {
    group: 'web',
    meaning:
      "Address of the HTTP API as browsers see it. WeChat's consent page redirects to it. Tokens name it as their audience, so a change logs every user out.",
    example: 'https://api.example.com',
    deployedDefault: '`https://<DOMAIN_NAME>`, else the address of the API',
  },
  MP_VERIFY_FILES: {
    group: 'web',
    meaning:
      'Verification files that WeChat looks for on your domain: a JSON object from file name to content. Any name is permitted that no other route serves. The content type is always `text/plain`.',
    example: '{"MP_verify_abc.txt":"abc"}',
  },
  JSSDK_API_LIST: {
    group: 'web',
    meaning:
      'Interfaces of the JS-SDK that your pages may use, separated by commas. WeChat also requires the permission of the account.',
    example: 'updateAppMessageShareData,scanQRCode',
    deployedDefault: 'sharing, the menu, scanning, payment and transfers: `USUAL_APIS` of lib/h5/jssdk-config.ts',
  },
  JSSDK_OPEN_TAG_LIST: {
    group: 'web',
    meaning: 'Open tags of the JS-SDK that your pages may use, separated by commas.',
    example: 'wx-open-launch-weapp,wx-open-subscribe',
  },
  PAY_MCH_ID: {
    group: 'pay',
    meaning: 'Merchant number.',
    example: '1900000001',
  },
  REFUND_NO_PREFIX: {
    group: 'pay',
    meaning:
      'Prefix that `pay-refund` demands of every refund number. API v3 has no sandbox, so stages share a merchant and its refund numbers: give each stage a prefix.',
    example: 'prod-',
    deployedDefault: 'any number',
  },
  PAY_API: {
    group: 'pay',
    meaning: 'Protocol of new orders and of bills: `v3` or `v2`. An existing order keeps its protocol.',
    example: 'v3',
  },
  PAY_MCH_PRIVATE_KEY: {
    group: 'pay',
    meaning: "The merchant's signing key (`apiclient_key.pem`): RSA, 2048 bits, PEM. API v3 and every refund need it.",
    example: '-----BEGIN PRIVATE KEY-----\\n…\\n-----END PRIVATE KEY-----',
  },
  PAY_MCH_CERT_SERIAL: {
    group: 'pay',
    meaning: 'Serial number of the certificate of that key (`apiclient_cert.pem`): 40 hex digits.',
    example: '5157F09EFDC096DE15EBE81A47057A7232F1B8E1',
  },
  PAY_API_V3_KEY: {
    group: 'pay',
    meaning: 'APIv3 key: 32 bytes. Decrypts notifications and platform certificates.',
    example: '0123456789abcdef0123456789abcdef',
  },
  PAY_API_V3_KEY_PREVIOUS: {
    group: 'pay',
    meaning: 'Optional. The previous APIv3 key, valid during a rotation.',
    example: 'fedcba9876543210fedcba9876543210',
  },
  PAY_PUBLIC_KEY_ID: {
    group: 'pay',
    meaning: 'Optional, together with `PAY_PUBLIC_KEY`. Id of the WeChat Pay public key.',
    example: 'PUB_KEY_ID_0119000000012024010100000000000001',
  },
  PAY_PUBLIC_KEY: {
    group: 'pay',
    meaning:
      'The WeChat Pay public key (`pub_key.pem`) that verifies responses and notifications. Without it the functions fetch platform certificates.',
    example: '-----BEGIN PUBLIC KEY-----\\n…\\n-----END PUBLIC KEY-----',
  },
  PAY_API_V2_KEY: {
    group: 'pay',
    meaning:
      'API key of version 2: 32 bytes. Signs and checks messages of API v2, and decrypts its refund notifications. Needed for `PAY_API=v2` and for refunds made in the merchant platform.',
    example: '0123456789abcdef0123456789abcdef',
  },
  PAY_NOTIFY_URL: {
    group: 'pay',
    meaning: 'Address for notifications of API v3: https, without `?` and `#`.',
    example: 'https://pay.example.com/v3',
    deployedDefault: 'the address of `pay-notify`',
  },
  PAY_V2_NOTIFY_URL: {
    group: 'pay',
    meaning: 'Address for notifications of API v2: https, without `?` and `#`.',
    example: 'https://pay.example.com/v2',
    deployedDefault: 'the address of `pay-notify-v2`',
  },
  VIRTUAL_PAY_OFFER_ID: {
    group: 'pay',
    meaning:
      'OfferID of virtual payment (虚拟支付 → 基本配置). Without it, virtual goods cannot be sold in the mini-program, except with `VIRTUAL_PAY_EXEMPT`.',
    example: '1450000001',
  },
  VIRTUAL_PAY_APP_KEY: {
    group: 'pay',
    meaning: 'AppKey of virtual payment, of the environment `VIRTUAL_PAY_ENV`: the live and the sandbox key differ.',
    example: '0123456789abcdef0123456789abcdef',
  },
  VIRTUAL_PAY_ENV: {
    group: 'pay',
    meaning:
      'Environment of virtual payment: `sandbox` or `live`. No order of the other environment is ever booked. The released mini-program accepts `live` only.',
    example: 'live',
    deployedDefault: '`live` in stage `prod`, otherwise `sandbox`',
  },
  VIRTUAL_PAY_EXEMPT: {
    group: 'pay',
    meaning:
      'Sale of virtual goods by ordinary payment in the mini-program: `false` rejects it with `VIRTUAL_PAYMENT_REQUIRED`. `true` only if WeChat exempts your category.',
    example: 'true',
  },
  ...INFRASTRUCTURE_SETTINGS,
};
