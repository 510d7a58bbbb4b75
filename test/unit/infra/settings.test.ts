import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';

interface Resolver {
  resolveVariable(text: string): Promise<unknown>;
}

const read = createRequire(import.meta.url)('../../../infra/build/settings.cjs') as (
  resolver: Resolver,
) => Promise<Record<string, unknown>>;

/** As the framework calls it: `env:NAME, ''`, a parameter of the stage, the region. */
function settings(env: Record<string, string>, reserveConcurrency = false) {
  return read({
    resolveVariable: async (text) => {
      const name = /^env:(\w+), ''$/.exec(text)?.[1];
      if (name !== undefined) return env[name] ?? '';
      return text === 'param:reserveConcurrency' ? reserveConcurrency : 'eu-central-1';
    },
  });
}

const CERTIFICATE = 'arn:aws:acm:eu-central-1:123456789012:certificate/0b1c';
const OWN_DOMAIN = { DOMAIN_NAME: 'api.example.com', CERTIFICATE_ARN: CERTIFICATE };

describe('a switch that cannot be meant ends the packaging', () => {
  it.each([
    [{ WEBHOOKS: 'route' }, 'WEBHOOKS must be one of urls, routes, both; it is "route".'],
    [{ EGRESS: 'on' }, 'EGRESS must be one of open, fixed; it is "on".'],
    [{ RESERVED_CONCURRENCY: 'yes' }, 'RESERVED_CONCURRENCY must be one of'],
    [{ DOMAIN_NAME: 'api.example.com' }, 'DOMAIN_NAME and CERTIFICATE_ARN go together'],
    [{ CERTIFICATE_ARN: CERTIFICATE }, 'DOMAIN_NAME and CERTIFICATE_ARN go together'],
    [{ ...OWN_DOMAIN, DOMAIN_NAME: 'https://api.example.com' }, 'DOMAIN_NAME must be a host such as'],
    [{ ...OWN_DOMAIN, CERTIFICATE_ARN: CERTIFICATE.replace('eu-central-1', 'us-east-1') }, 'of ACM in eu-central-1'],
    [{ ALARM_EMAIL: 'ops' }, 'ALARM_EMAIL must be one mail address'],
    [{ PERMISSIONS_BOUNDARY_ARN: 'boundary' }, 'PERMISSIONS_BOUNDARY_ARN must be the ARN of a policy'],
    [{ ALLOWED_ORIGINS: 'https://a.example, shop.example.com' }, '"shop.example.com" is none.'],
    [{ ALLOWED_ORIGINS: 'https://a.example/shop' }, '"https://a.example/shop" is none.'],
    [{ ALLOWED_ORIGINS: '*' }, '"*" is none.'],
  ])('%j', async (env, sentence) => {
    await expect(settings(env)).rejects.toThrow(sentence);
  });
});

describe('where the webhooks are', () => {
  const url = { 'Fn::GetAtt': ['PayDashnotifyLambdaFunctionUrl', 'FunctionUrl'] };
  const ownRoute = { 'Fn::Sub': 'https://${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/webhooks/pay-notify' };

  it.each([
    [{}, url],
    [OWN_DOMAIN, url],
    [{ WEBHOOKS: 'routes' }, ownRoute],
    [{ WEBHOOKS: 'both' }, ownRoute],
    [{ WEBHOOKS: 'both', ...OWN_DOMAIN }, 'https://api.example.com/webhooks/pay-notify'],
    [{ WEBHOOKS: 'routes', PAY_NOTIFY_URL: 'https://edge.example/n' }, 'https://edge.example/n'],
  ])('%j', async (env, address) => {
    expect(await settings(env)).toMatchObject({ payNotifyUrl: address });
  });

  it('names each by its function', async () => {
    const base = 'https://api.example.com/webhooks';
    expect(await settings({ ...OWN_DOMAIN, WEBHOOKS: 'routes' })).toMatchObject({
      officialEventsUrl: `${base}/official-events`,
      payV2NotifyUrl: `${base}/pay-notify-v2`,
    });
  });
});

describe('where clients find the API', () => {
  it.each([
    [{}, { 'Fn::Sub': 'https://${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}' }],
    [OWN_DOMAIN, 'https://api.example.com'],
    [{ ...OWN_DOMAIN, PUBLIC_BASE_URL: 'https://edge.example' }, 'https://edge.example'],
  ])('%j', async (env, address) => {
    expect(await settings(env)).toMatchObject({ publicBaseUrl: address });
  });
});

describe('what a stage decides', () => {
  it.each([
    [false, {}, false],
    [true, {}, true],
    [true, { RESERVED_CONCURRENCY: 'off' }, false],
    [false, { RESERVED_CONCURRENCY: 'on' }, true],
  ])('reserved concurrency: by default %s, with %j it is %s', async (byDefault, env, reserved) => {
    expect(await settings(env, byDefault)).toMatchObject({ reserved });
  });

  it('runs no job that can only fail', async () => {
    expect(await settings({})).toMatchObject({ hasApp: false, hasMerchant: false });
    expect(await settings({ OFFICIAL_APP_ID: 'wx1', PAY_MCH_ID: '19' })).toMatchObject({
      hasApp: true,
      hasMerchant: true,
    });
  });
});

it('explains every variable that packaging reads in .env.example, and no other', () => {
  const namesIn = (path: string, pattern: RegExp) =>
    [...readFileSync(path, 'utf8').matchAll(pattern)].map(([, name]) => name!);
  const known = [
    ...namesIn('serverless.yml', /\$\{env:(\w+)/g),
    ...namesIn('infra/environment.yml', /\$\{env:(\w+)/g),
    ...namesIn('infra/build/settings.cjs', /^ {2}'([A-Z0-9_]+)',$/gm),
  ];
  const explained = namesIn('.env.example', /^(\w+)=/gm);
  expect(new Set(explained)).toEqual(new Set(known));
  expect(explained).toHaveLength(new Set(explained).size);
});
