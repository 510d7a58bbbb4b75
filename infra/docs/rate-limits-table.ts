import { ACCOUNT_LIMITS, ADDRESS_LIMITS, readScale, scaleLimits, type PRESETS } from '../../lib/rate-limit/limits.ts';
import type { AddressLimits } from '../../lib/rate-limit/rate-limit.ts';
import { code, codeList, table } from './markdown.ts';

const ROUTES: Record<keyof typeof ADDRESS_LIMITS, string> = {
  'miniapp-login': code('POST /miniapp/login'),
  'miniapp-phone': code('POST /miniapp/phone'),
  register: code('POST /register'),
  'qr-login-official': `${code('POST /qr-login')}, official account`,
  'qr-login-miniapp': `${code('POST /qr-login')}, mini-program`,
  'qr-login-poll': code('GET /qr-login/{ticket}'),
  'oauth-authorize': code('GET /oauth/authorize'),
  'oauth-callback': code('GET /oauth/callback'),
  'jssdk-config': code('GET /jssdk/config'),
};

const ACCOUNT_ROUTES: Record<keyof typeof ACCOUNT_LIMITS, string> = {
  prepay: code('POST /pay/prepay'),
  orders: codeList(['GET /pay/orders', 'GET /pay/orders/{outTradeNo}', 'POST /pay/orders/{outTradeNo}/close']),
  phone: code('POST /miniapp/phone'),
  upload: code('POST /uploads'),
  profile: `${code('PUT /miniapp/profile')} with new values, while ${code('CONTENT_CHECK')} is ${code('on')}`,
};

const WINDOWS: Record<number, string> = {
  10: 'in 10 s',
  60: 'a minute',
  600: 'in 10 minutes',
  3_600: 'an hour',
  86_400: 'a day',
};

/** Renders the limits by address in both presets, and the limits by account. */
export function rateLimitsTable(): string {
  const names = Object.keys(ADDRESS_LIMITS) as (keyof typeof ADDRESS_LIMITS)[];
  const rows = names.map((name) => [
    ROUTES[name],
    ...(['small', 'large'] as const).flatMap((preset) => [
      limitsOf(name, 'successes', preset),
      limitsOf(name, 'failures', preset),
    ]),
  ]);
  const head = ['Limit of one address', '`small`: successes', 'failures', '`large`: successes', 'failures'];
  const accounts = Object.entries(ACCOUNT_LIMITS).map(([name, { windowS, requests }]) => [
    ACCOUNT_ROUTES[name as keyof typeof ACCOUNT_LIMITS],
    perWindow(requests, windowS),
  ]);
  return `${table(head, rows)}\n\n${table(['Limit of one account', 'Requests'], accounts)}`;
}

function limitsOf(
  name: keyof typeof ADDRESS_LIMITS,
  outcome: 'successes' | 'failures',
  preset: keyof typeof PRESETS,
): string {
  const scale = readScale(preset, '1');
  const limits = ADDRESS_LIMITS[name].map((limit: AddressLimits) => scaleLimits(limit, scale));
  return limits
    .flatMap(({ windowS, quota, [outcome]: limit }) => {
      if (limit === undefined) return [];
      const scarce =
        outcome === 'successes' && quota ? ` (scarce: ${perWindow(quota.scarce.successes, quota.scarce.windowS)})` : '';
      return perWindow(limit, windowS) + scarce;
    })
    .join(', ');
}

function perWindow(limit: number, windowS: number): string {
  return `${limit.toLocaleString('en-US')} ${WINDOWS[windowS] ?? `in ${windowS} s`}`;
}
