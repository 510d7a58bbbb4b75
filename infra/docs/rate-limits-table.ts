import { LIMITS } from '../../lib/rate-limit/limits.ts';
import type { Limits } from '../../lib/rate-limit/rate-limit.ts';
import { code, table } from './markdown.ts';

const ROUTES: Record<keyof typeof LIMITS, string> = {
  'miniapp-login': 'POST /miniapp/login',
  'oauth-callback': 'GET /oauth/callback',
  'qr-login': 'POST /qr-login',
  'jssdk-config': 'GET /jssdk/config',
};

const WINDOWS: Record<number, string> = { 60: 'minute', 86_400: 'day' };

/** Renders the limits of the routes that anonymous clients can call. */
export function rateLimitsTable(): string {
  const names = Object.keys(LIMITS) as (keyof typeof LIMITS)[];
  const rows = names.map((name) => {
    const limits = LIMITS[name];
    return [code(ROUTES[name]), perWindow(limits, 'perAddress'), perWindow(limits, 'perApp')];
  });
  return table(['Route', 'Requests of one address', 'Requests of all clients'], rows);
}

function perWindow(limits: Limits[], count: 'perAddress' | 'perApp'): string {
  return limits
    .map(({ windowS, [count]: limit }) => `${limit.toLocaleString('en-US')} a ${WINDOWS[windowS] ?? `${windowS} s`}`)
    .join(', ');
}
