import { badSetting } from '../core/config.ts';
import type { LimitDeps } from './counters.ts';
import {
  accountLimit,
  addressLimit,
  type AccountLimits,
  type AddressLimits,
  type LimitAccount,
  type LimitAddress,
} from './rate-limit.ts';

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

/**
 * Limits by address in the preset `large`, far above normal use: a carrier or a campus shows hundreds of users under
 * one address. A page with a QR code polls 150 times. As many failures as successes are allowed, so that the failures of
 * one user do not close an address for all others.
 *
 * WeChat documents no quota of the app for login codes and phone codes, and 50,000 calls a minute for web OAuth. A
 * client can spend these only with codes of real users, so no limit of ours covers them. A QR code needs no user.
 * @see https://developers.weixin.qq.com/doc/service/api/qrcode/qrcodes/api_createqrcode.html
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/qrcode-link/qr-code/api_getunlimitedqrcode.html
 */
export const ADDRESS_LIMITS = {
  'miniapp-login': [{ windowS: MINUTE_S, successes: 600, failures: 600 }],
  'miniapp-phone': [{ windowS: MINUTE_S, successes: 300, failures: 300 }],
  register: [{ windowS: MINUTE_S, successes: 300, failures: 300 }],
  'qr-login-official': [
    { windowS: MINUTE_S, successes: 200, failures: 200 },
    { windowS: DAY_S, successes: 10_000, quota: { calls: 100_000, scarce: { windowS: HOUR_S, successes: 10 } } },
  ],
  'qr-login-miniapp': [
    {
      windowS: MINUTE_S,
      successes: 200,
      failures: 200,
      quota: { calls: 5_000, scarce: { windowS: MINUTE_S, successes: 10 } },
    },
    { windowS: DAY_S, successes: 10_000 },
  ],
  'qr-login-poll': [{ windowS: MINUTE_S, successes: 30_000, failures: 10_000 }],
  'oauth-authorize': [{ windowS: MINUTE_S, successes: 600, failures: 600 }],
  'oauth-callback': [{ windowS: MINUTE_S, successes: 600, failures: 600 }],
  'jssdk-config': [{ windowS: MINUTE_S, successes: 3_000, failures: 3_000 }],
} satisfies Record<string, AddressLimits[]>;

/** Limits by account, far above normal use: a page queries its order every two seconds. */
export const ACCOUNT_LIMITS = {
  prepay: { windowS: 10, requests: 10, first: 2 },
  orders: { windowS: 10, requests: 60, first: 2 },
  phone: { windowS: MINUTE_S, requests: 10, first: 1 },
  upload: { windowS: 10 * MINUTE_S, requests: 20, first: 1 },
  /** Only new values while CONTENT_CHECK is on: each spends a quota of WeChat, such as 200,000 pictures a day. */
  profile: { windowS: 10 * MINUTE_S, requests: 20, first: 1 },
} satisfies Record<string, AccountLimits>;

/** The presets of LIMITS: the part of ADDRESS_LIMITS that applies. */
export const PRESETS = { small: 0.2, large: 1 };

/** Factors of the limits by address and by account. */
export interface Scale {
  address: number;
  account: number;
}

/**
 * Parses the settings LIMITS and LIMITS_FACTOR. WeChat's quotas and their scarce successes have no factor.
 * @throws NOT_CONFIGURED
 */
export function readScale(preset: string, factorText: string): Scale {
  if (preset !== 'small' && preset !== 'large') throw badSetting('LIMITS', 'must be small or large');
  const factor = Number(factorText);
  if (!Number.isFinite(factor) || factor <= 0) {
    throw badSetting('LIMITS_FACTOR', 'must be a positive number such as 2 or 0.5');
  }
  return { address: PRESETS[preset] * factor, account: factor };
}

/** Returns the limit of a route by the address of the client. */
export function routeLimit(deps: LimitDeps, route: keyof typeof ADDRESS_LIMITS, scale: Scale): LimitAddress {
  const limits = ADDRESS_LIMITS[route].map((limit) => scaleLimits(limit, scale));
  return addressLimit(deps, route, limits);
}

/** Returns the limit of a group of routes by the account of the client. */
export function routeAccountLimit(deps: LimitDeps, routes: keyof typeof ACCOUNT_LIMITS, scale: Scale): LimitAccount {
  const limits = ACCOUNT_LIMITS[routes];
  return accountLimit(deps, routes, { ...limits, requests: atLeastOne(limits.requests * scale.account) });
}

/** Applies the factors of a deployment to the limits of one window. */
export function scaleLimits(limits: AddressLimits, { address }: Scale): AddressLimits {
  const { successes, failures } = limits;
  return {
    ...limits,
    successes: atLeastOne(successes * address),
    ...(failures !== undefined && { failures: atLeastOne(failures * address) }),
  };
}

function atLeastOne(limit: number): number {
  return Math.max(1, Math.round(limit));
}
