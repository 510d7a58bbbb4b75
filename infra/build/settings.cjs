// The switches of a stage, read from the environment (or .env.<stage>) when the service is packaged, and what follows
// from them for the template. A value that cannot be meant ends the packaging with a sentence: a deployment that ignores
// a switch is worse than none. What each switch does: .env.example.

const WEBHOOKS = {
  'official-events': 'OfficialDashevents',
  'pay-notify': 'PayDashnotify',
  'pay-notify-v2': 'PayDashnotifyDashv2',
};

module.exports = async ({ resolveVariable }) => {
  const read = async (name) => String(await resolveVariable(`env:${name}, ''`)).trim();
  const env = Object.fromEntries(await Promise.all(NAMES.map(async (name) => [name, await read(name)])));
  const reserveByDefault = await resolveVariable('param:reserveConcurrency');
  checkDomain(env, await resolveVariable('self:provider.region'));
  checkOrigins(env.ALLOWED_ORIGINS);
  checkMail(env.ALARM_EMAIL);
  checkBoundary(env.PERMISSIONS_BOUNDARY_ARN);
  const webhooks = oneOf(env, 'WEBHOOKS', ['urls', 'routes', 'both']);
  const fixedEgress = oneOf(env, 'EGRESS', ['open', 'fixed']) === 'fixed';
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
    publicBaseUrl: env.PUBLIC_BASE_URL || api,
    officialEventsUrl: addressOf('official-events'),
    payNotifyUrl: env.PAY_NOTIFY_URL || addressOf('pay-notify'),
    payV2NotifyUrl: env.PAY_V2_NOTIFY_URL || addressOf('pay-notify-v2'),
    // `vpc` of the functions whose address WeChat's whitelist must know; false keeps a function out of any network.
    whitelisted: fixedEgress && {
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
    hasMerchant: Boolean(env.PAY_MCH_ID),
    // The files of infra/ that are a part of the template only sometimes.
    parts: {
      domain: env.DOMAIN_NAME ? 'domain' : 'none',
      network: fixedEgress ? 'network' : 'none',
      alarmTopic: env.ALARM_EMAIL ? 'alarm-topic' : 'none',
      alarmsOfUrls: webhooks === 'routes' ? 'none' : 'alarms-urls',
    },
  };
};

const NAMES = [
  'PUBLIC_BASE_URL',
  'ALLOWED_ORIGINS',
  'DOMAIN_NAME',
  'CERTIFICATE_ARN',
  'WEBHOOKS',
  'EGRESS',
  'RESERVED_CONCURRENCY',
  'ALARM_EMAIL',
  'PERMISSIONS_BOUNDARY_ARN',
  'PAY_NOTIFY_URL',
  'PAY_V2_NOTIFY_URL',
  'MINIAPP_APP_ID',
  'OFFICIAL_APP_ID',
  'PAY_MCH_ID',
];

/** One of `values`; the first of them when nothing is set. */
function oneOf(env, name, values) {
  if (env[name] === '') return values[0];
  if (values.includes(env[name])) return env[name];
  throw new Error(`${name} must be one of ${values.join(', ')}; it is "${env[name]}".`);
}

function below(address, path) {
  return typeof address === 'string' ? address + path : { 'Fn::Sub': address['Fn::Sub'] + path };
}

function checkDomain({ DOMAIN_NAME: domain, CERTIFICATE_ARN: certificate }, region) {
  if (Boolean(domain) !== Boolean(certificate)) {
    throw new Error('DOMAIN_NAME and CERTIFICATE_ARN go together: set both, or none of them.');
  }
  if (domain && !/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/.test(domain)) {
    throw new Error(`DOMAIN_NAME must be a host such as api.example.com, without https://; it is "${domain}".`);
  }
  const [, certificateRegion] = /^arn:aws[a-z-]*:acm:([a-z0-9-]+):\d{12}:certificate\/.+$/.exec(certificate) ?? [];
  if (certificate && certificateRegion !== region) {
    throw new Error(
      `CERTIFICATE_ARN must be a certificate of ACM in ${region}, where the API is; it is "${certificate}".`,
    );
  }
}

/** A page's origin as a browser names it. A wrong one would let nobody in, and nothing would say why. */
function checkOrigins(origins) {
  for (const origin of origins.split(',').flatMap((part) => part.trim().replace(/\/+$/, '') || [])) {
    const isOrigin = URL.canParse(origin) && new URL(origin).origin === origin && /^https?:/.test(origin);
    if (!isOrigin) {
      throw new Error(
        `ALLOWED_ORIGINS lists origins such as https://shop.example.com, with commas; "${origin}" is none.`,
      );
    }
  }
}

function checkMail(address) {
  if (address && !/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(address)) {
    throw new Error(`ALARM_EMAIL must be one mail address; it is "${address}".`);
  }
}

function checkBoundary(arn) {
  if (arn && !/^arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/.+$/.test(arn)) {
    throw new Error(`PERMISSIONS_BOUNDARY_ARN must be the ARN of a policy; it is "${arn}".`);
  }
}
