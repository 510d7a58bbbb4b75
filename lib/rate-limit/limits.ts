import { rateLimit, type LimitDeps, type Limits, type RateLimit } from './rate-limit.ts';

const MINUTE_S = 60;
const DAY_S = 86_400;

/** Limits far above normal use. Keep the daily limits of QR codes below WeChat's quota of 100,000 a day. */
export const LIMITS = {
  'miniapp-login': [{ windowS: MINUTE_S, perAddress: 300, perApp: 12_000 }],
  'oauth-callback': [{ windowS: MINUTE_S, perAddress: 300, perApp: 12_000 }],
  'qr-login': [
    { windowS: MINUTE_S, perAddress: 200, perApp: 3_000 },
    { windowS: DAY_S, perAddress: 10_000, perApp: 90_000 },
  ],
  'jssdk-config': [{ windowS: MINUTE_S, perAddress: 600, perApp: 12_000 }],
} satisfies Record<string, Limits[]>;

/** Returns the rate limit of a route that anonymous clients can call. */
export function routeLimit(deps: LimitDeps, route: keyof typeof LIMITS): RateLimit {
  return rateLimit(deps, route, LIMITS[route]);
}
