// Reads the settings of a stage from the environment (or .env.<stage>) when the service is packaged, and derives values of
// the template from its switches. An invalid value ends the packaging: a deployment that ignores a switch, or whose functions
// answer 503, is worse than none. .env.example describes each setting.

const WEBHOOKS = {
  'miniapp-events': 'MiniappDashevents',
  'official-events': 'OfficialDashevents',
  'pay-notify': 'PayDashnotify',
  'pay-notify-v2': 'PayDashnotifyDashv2',
};

module.exports = async ({ resolveVariable }) => {
  const read = async (name) => String(await resolveVariable(`env:${name}, ''`)).trim();
  const env = Object.fromEntries(await Promise.all(NAMES.map(async (name) => [name, await read(name)])));
  const reserveByDefault = await resolveVariable('param:reserveConcurrency');
  const limitsByDefault = await resolveVariable('param:limits');
  const virtualPayEnvByDefault = await resolveVariable('param:virtualPayEnv');
  checkValues(env);
  checkDomain(env, await resolveVariable('self:provider.region'));
  checkOrigins(env.ALLOWED_ORIGINS);
  checkMail(env.ALARM_EMAIL);
  checkBoundary(env.PERMISSIONS_BOUNDARY_ARN);
  const webhooks = oneOf(env, 'WEBHOOKS', ['urls', 'routes', 'both']);
  const fixedEgress = oneOf(env, 'EGRESS', ['open', 'fixed']) === 'fixed';
  const limits = oneOf(env, 'LIMITS', limitsByDefault === 'large' ? ['large', 'small'] : ['small', 'large']);
  const gateway = {
    rate: Number(env.GATEWAY_RATE || GATEWAY[limits].rate),
    burst: Number(env.GATEWAY_BURST || GATEWAY[limits].burst),
  };
  const reserved = oneOf(env, 'RESERVED_CONCURRENCY', reserveByDefault ? ['on', 'off'] : ['off', 'on']) === 'on';

  const api = env.DOMAIN_NAME
    ? `https://${env.DOMAIN_NAME}`
    : { 'Fn::Sub': 'https://${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}' };
  const addressOf = (name) =>
    webhooks === 'urls'
      ? { 'Fn::GetAtt': [`${WEBHOOKS[name]}LambdaFunctionUrl`, 'FunctionUrl'] }
      : below(api, `/webhooks/${name}`);
  return {
    webhooks,
    reserved,
    limits,
    gateway,
    publicBaseUrl: env.PUBLIC_BASE_URL || api,
    officialEventsUrl: addressOf('official-events'),
    miniappEventsUrl: addressOf('miniapp-events'),
    payNotifyUrl: env.PAY_NOTIFY_URL || addressOf('pay-notify'),
    payV2NotifyUrl: env.PAY_V2_NOTIFY_URL || addressOf('pay-notify-v2'),
    // `vpc` of the functions that call WeChat from the fixed address; false keeps a function out of any network.
    egressVpc: fixedEgress && {
      securityGroupIds: [{ 'Fn::GetAtt': ['EgressSecurityGroup', 'GroupId'] }],
      subnetIds: [{ Ref: 'PrivateSubnetA' }, { Ref: 'PrivateSubnetB' }],
    },
    domainName: env.DOMAIN_NAME,
    certificateArn: env.CERTIFICATE_ARN,
    boundary: env.PERMISSIONS_BOUNDARY_ARN,
    alarmEmail: env.ALARM_EMAIL,
    alarmActions: env.ALARM_EMAIL ? [{ Ref: 'AlarmTopic' }] : [],
    // Without an app there is no token to keep alive, and without a merchant no bill: a job that can only fail stays off.
    hasApp: Boolean(env.MINIAPP_APP_ID || env.OFFICIAL_APP_ID),
    checksContent: env.CONTENT_CHECK === 'on' && Boolean(env.MINIAPP_APP_ID),
    shipsOrders: env.ORDER_SHIPPING !== 'off' && Boolean(env.MINIAPP_APP_ID && env.PAY_MCH_ID),
    // An account without a recorded activity counts as active on this day.
    deployedOn: env.DEPLOYED_ON || new Date().toISOString().slice(0, 10),
    hasMerchant: Boolean(env.PAY_MCH_ID || env.VIRTUAL_PAY_OFFER_ID),
    virtualPayEnv: env.VIRTUAL_PAY_ENV || virtualPayEnvByDefault,
    // The optional files of infra/, which a switch adds to the template.
    parts: {
      domain: env.DOMAIN_NAME ? 'domain' : 'none',
      network: fixedEgress ? 'network' : 'none',
      alarmTopic: env.ALARM_EMAIL ? 'alarm-topic' : 'none',
      alarmsOfUrls: webhooks === 'routes' ? 'none' : 'alarms-urls',
    },
  };
};

/**
 * The throttle of each route, for all clients together: requests a second and burst. The functions scale their own limits by
 * the same preset (lib/rate-limit/limits.ts).
 *
 * `large` is for two million users a day. infra/README.md ("Floods") derives its numbers. One route at its throttle leaves
 * half of the account's default of 10,000 a second to the others.
 */
const GATEWAY = {
  small: { rate: 50, burst: 100 },
  large: { rate: 5000, burst: 5000 },
};

const NAMES = [
  'PUBLIC_BASE_URL',
  'SCAN_LOGIN_CONFIRM',
  'SCAN_LOGIN_REGISTER',
  'MP_VERIFY_FILES',
  'JSSDK_API_LIST',
  'JSSDK_OPEN_TAG_LIST',
  'MINIAPP_ENV_VERSION',
  'MINIAPP_LOGIN_PAGE',
  'PHONE_TAKEOVER_DAYS',
  'DEPLOYED_ON',
  'ALLOWED_ORIGINS',
  'DOMAIN_NAME',
  'CERTIFICATE_ARN',
  'WEBHOOKS',
  'EGRESS',
  'RESERVED_CONCURRENCY',
  'LIMITS',
  'LIMITS_FACTOR',
  'GATEWAY_RATE',
  'GATEWAY_BURST',
  'TRUSTED_PROXY',
  'ALARM_EMAIL',
  'PERMISSIONS_BOUNDARY_ARN',
  'PAY_NOTIFY_URL',
  'PAY_V2_NOTIFY_URL',
  'MINIAPP_APP_ID',
  'MINIAPP_MODE',
  'CONTENT_CHECK',
  'ORDER_SHIPPING',
  'MINIAPP_ORDER_PAGE',
  'OFFICIAL_APP_ID',
  'OFFICIAL_MODE',
  'PAY_MCH_ID',
  'PAY_API',
  'REFUND_NO_PREFIX',
  'VIRTUAL_PAY_OFFER_ID',
  'VIRTUAL_PAY_ENV',
  'VIRTUAL_PAY_EXEMPT',
];

const APP_ID = [/^wx[0-9a-z]{16}$/, 'wx and 16 digits or small letters'];
// A rehearsal on one machine uses http.
const ORIGIN = String.raw`(https:\/\/[^\s?#/]+|http:\/\/(localhost|127\.0\.0\.1)(:\d+)?)`;
const NOTIFY_URL = [new RegExp(`^${ORIGIN}(/[^\\s?#]*)?$`), 'an https address without ? and #'];

/** The settings of the functions: the format of each value, and the description of the format. */
const VALUES = {
  PUBLIC_BASE_URL: [new RegExp(`^${ORIGIN}/*$`), 'an https address without a path'],
  SCAN_LOGIN_CONFIRM: [/^(tap|scan)$/, 'tap or scan'],
  SCAN_LOGIN_REGISTER: [/^(ask|auto)$/, 'ask or auto'],
  MP_VERIFY_FILES: [
    { test: areVerificationFiles },
    'a JSON object of file names that no other route serves, such as {"MP_verify_abc.txt":"abc"}',
  ],
  JSSDK_API_LIST: [listOf('[a-z][A-Za-z0-9]*'), 'names of the JS-SDK such as scanQRCode,chooseWXPay'],
  JSSDK_OPEN_TAG_LIST: [listOf('wx-open(-[a-z]+)+'), 'open tags such as wx-open-launch-weapp,wx-open-subscribe'],
  MINIAPP_ENV_VERSION: [/^(release|trial|develop)$/, 'release, trial or develop'],
  MINIAPP_LOGIN_PAGE: [/^[^/\s?#][^\s?#]*$/, 'a page such as pages/login/index'],
  PHONE_TAKEOVER_DAYS: [/^\d{1,5}$/, 'a number of days such as 90, or 0'],
  DEPLOYED_ON: [{ test: isDay }, 'a day such as 2026-11-20'],
  MINIAPP_APP_ID: APP_ID,
  MINIAPP_MODE: [/^(plain|compatible|secure)$/, 'plain, compatible or secure'],
  CONTENT_CHECK: [/^(off|on)$/, 'off or on'],
  ORDER_SHIPPING: [/^(auto|on|off)$/, 'auto, on or off'],
  MINIAPP_ORDER_PAGE: [/^[^/\s?#][^\s?#]*$/, 'a page such as pages/order/detail'],
  OFFICIAL_APP_ID: APP_ID,
  OFFICIAL_MODE: [/^(plain|compatible|secure)$/, 'plain, compatible or secure'],
  PAY_MCH_ID: [/^\d+$/, 'a number'],
  PAY_API: [/^(v3|v2)$/, 'v3 or v2'],
  REFUND_NO_PREFIX: [/^[0-9A-Za-z_\-|*@]{1,32}$/, '1 to 32 of 0-9 A-Z a-z _ - | * @'],
  VIRTUAL_PAY_OFFER_ID: [/^\d+$/, 'a number'],
  VIRTUAL_PAY_ENV: [/^(sandbox|live)$/, 'sandbox or live'],
  VIRTUAL_PAY_EXEMPT: [/^(false|true)$/, 'false or true'],
  PAY_NOTIFY_URL: NOTIFY_URL,
  PAY_V2_NOTIFY_URL: NOTIFY_URL,
  LIMITS_FACTOR: [/^(?=.*[1-9])\d+(\.\d+)?$/, 'a positive number such as 2 or 0.5'],
  GATEWAY_RATE: [/^[1-9]\d*$/, 'a positive whole number'],
  GATEWAY_BURST: [/^[1-9]\d*$/, 'a positive whole number'],
  TRUSTED_PROXY: [/^cloudfront$/, 'empty or cloudfront'],
};

/** Skips the local stack, where a developer can see the functions' own errors for a wrong value. */
function checkValues(env) {
  if (process.argv.includes('offline')) return;
  for (const [name, [form, description]] of Object.entries(VALUES)) {
    if (env[name] && !form.test(env[name])) throw settingError(`${name} must be ${description}; it is "${env[name]}".`);
  }
}

/** Returns the format of a comma-separated list of names. */
function listOf(name) {
  return new RegExp(`^\\s*${name}\\s*(,\\s*${name}\\s*)*,?\\s*$`);
}

/** Whether lib/h5/verification-file.ts can read and serve these files. */
function areVerificationFiles(json) {
  try {
    const name = /^(?!(catalog|health|me|openapi\.json|wallet)$)[\w-]+(\.[\w-]+)*$/;
    const isFile = ([file, text]) => name.test(file) && typeof text === 'string';
    return json.startsWith('{') && Object.entries(JSON.parse(json)).every(isFile);
  } catch {
    return false;
  }
}

function isDay(text) {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
}

/** The framework prints the stack of an error that ends the packaging. A position in this file does not help, so the stack is the message. */
function settingError(message) {
  return Object.assign(new Error(message), { stack: message });
}

/** Returns the value of a switch: one of `values`, or the first of them when nothing is set. */
function oneOf(env, name, values) {
  if (env[name] === '') return values[0];
  if (values.includes(env[name])) return env[name];
  throw settingError(`${name} must be one of ${values.join(', ')}; it is "${env[name]}".`);
}

function below(address, path) {
  return typeof address === 'string' ? address + path : { 'Fn::Sub': address['Fn::Sub'] + path };
}

function checkDomain({ DOMAIN_NAME: domain, CERTIFICATE_ARN: certificate }, region) {
  if (Boolean(domain) !== Boolean(certificate)) {
    throw settingError('DOMAIN_NAME and CERTIFICATE_ARN go together: set both, or none of them.');
  }
  if (domain && !/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/.test(domain)) {
    throw settingError(`DOMAIN_NAME must be a host such as api.example.com, without https://; it is "${domain}".`);
  }
  const [, certificateRegion] = /^arn:aws[a-z-]*:acm:([a-z0-9-]+):\d{12}:certificate\/.+$/.exec(certificate) ?? [];
  if (certificate && certificateRegion !== region) {
    throw settingError(
      `CERTIFICATE_ARN must be a certificate of ACM in ${region}, where the API is; it is "${certificate}".`,
    );
  }
}

/** Requires origins as browsers send them. A wrong origin would block its page without any error. */
function checkOrigins(origins) {
  for (const origin of origins.split(',').flatMap((part) => part.trim().replace(/\/+$/, '') || [])) {
    const isOrigin = URL.canParse(origin) && new URL(origin).origin === origin && /^https?:/.test(origin);
    if (!isOrigin) {
      throw settingError(
        `ALLOWED_ORIGINS lists origins such as https://shop.example.com, with commas; "${origin}" is not an origin.`,
      );
    }
  }
}

function checkMail(address) {
  if (address && !/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(address)) {
    throw settingError(`ALARM_EMAIL must be one mail address; it is "${address}".`);
  }
}

function checkBoundary(arn) {
  if (arn && !/^arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/.+$/.test(arn)) {
    throw settingError(`PERMISSIONS_BOUNDARY_ARN must be the ARN of a policy; it is "${arn}".`);
  }
}
