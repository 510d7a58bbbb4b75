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
const DAY_S = 86_400;

/**
 * Limits by address in the preset `large`, far above normal use: a carrier or a campus shows hundreds of users under
 * one address. A page with a QR code polls 150 times.
 *
 * WeChat documents no quota of the app for login codes and phone codes, and 50,000 calls a minute for web OAuth. A
 * client can spend these only with codes of real users, so no limit of ours covers them. A QR code needs no user.
 * @see https://developers.weixin.qq.com/doc/service/api/qrcode/qrcodes/api_createqrcode.html
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/qrcode-link/qr-code/api_getunlimitedqrcode.html
 */
export const ADDRESS_LIMITS = {
  'miniapp-login': [{ windowS: MINUTE_S, successes: 600, failures: 300 }],
  'miniapp-phone': [{ windowS: MINUTE_S, successes: 300, failures: 300 }],
  register: [{ windowS: MINUTE_S, successes: 300, failures: 300 }],
  'qr-login-official': [
    { windowS: MINUTE_S, successes: 200, failures: 200 },
    { windowS: DAY_S, successes: 10_000, quota: { calls: 100_000, scarce: 50 } },
  ],
  'qr-login-miniapp': [
    { windowS: MINUTE_S, successes: 200, failures: 200, quota: { calls: 5_000, scarce: 10 } },
    { windowS: DAY_S, successes: 10_000 },
  ],
  'qr-login-poll': [{ windowS: MINUTE_S, successes: 30_000, failures: 1_000 }],
  'oauth-authorize': [{ windowS: MINUTE_S, successes: 600, failures: 300 }],
  'oauth-callback': [{ windowS: MINUTE_S, successes: 600, failures: 300 }],
  'jssdk-config': [{ windowS: MINUTE_S, successes: 3_000, failures: 300 }],
} satisfies Record<string, AddressLimits[]>;

/** Limits by account, far above normal use: a page queries its order every two seconds. */
export const ACCOUNT_LIMITS = {
  prepay: { windowS: 10, requests: 10 },
  orders: { windowS: 10, requests: 60 },
  phone: { windowS: MINUTE_S, requests: 10 },
} satisfies Record<string, AccountLimits>;

/** The presets of LIMITS: the part of ADDRESS_LIMITS that applies. */
export const PRESETS = { small: 0.2, large: 1 };

/** Factors of the limits by address, by account, and of WeChat's quotas. */
export interface Scale {
  address: number;
  account: number;
  quota: number;
}

/**
 * Parses the settings LIMITS and LIMITS_FACTOR. A factor below 1 does not reduce WeChat's quotas.
 * @throws NOT_CONFIGURED
 */
export function readScale(preset: string, factorText: string): Scale {
  if (preset !== 'small' && preset !== 'large') throw badSetting('LIMITS', 'must be small or large');
  const factor = Number(factorText);
  if (!Number.isFinite(factor) || factor <= 0) {
    throw badSetting('LIMITS_FACTOR', 'must be a positive number such as 2 or 0.5');
  }
  return { address: PRESETS[preset] * factor, account: factor, quota: Math.max(1, factor) };
}

/** Returns the limit of a route by the address of the client. */
export function routeLimit(deps: LimitDeps, route: keyof typeof ADDRESS_LIMITS, scale: Scale): LimitAddress {
  const limits = ADDRESS_LIMITS[route].map((limit) => scaleLimits(limit, scale));
  return addressLimit(deps, route, limits);
}

/** Returns the limit of a group of routes by the account of the client. */
export function routeAccountLimit(deps: LimitDeps, routes: keyof typeof ACCOUNT_LIMITS, scale: Scale): LimitAccount {
  const { windowS, requests } = ACCOUNT_LIMITS[routes];
  return accountLimit(deps, routes, { windowS, requests: atLeastOne(requests * scale.account) });
}

/** Applies the factors of a deployment to the limits of one window. */
export function scaleLimits({ windowS, successes, failures, quota }: AddressLimits, scale: Scale): AddressLimits {
  return {
    windowS,
    successes: atLeastOne(successes * scale.address),
    ...(failures !== undefined && { failures: atLeastOne(failures * scale.address) }),
    ...(quota && { quota: { calls: quota.calls * scale.quota, scarce: atLeastOne(quota.scarce * scale.address) } }),
  };
}

function atLeastOne(limit: number): number {
  return Math.max(1, Math.round(limit));
}
