import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { IssuedSecrets } from '../issued-secrets.ts';
import { createDailyQuota, createMinuteQuota } from '../quota.ts';
import { PlatformError } from './error.ts';

type Pool = 'basic' | 'stable';

interface Token {
  value: string;
  appId: string;
  pool: Pool;
  expiresAt: number;
  replaced: boolean;
}

interface AppTokenAnswer {
  access_token: string;
  expires_in: number;
}

const lifetimeMs = 7_200_000;
const overlapMs = 300_000;
const forceGapMs = 30_000;

/** App access tokens: two isolated pools, each with its own renewal rule. */
export class AppTokens {
  readonly #clock: Clock;
  readonly #secrets: IssuedSecrets;
  readonly #byValue = new Map<string, Token>();
  readonly #newest = new Map<string, Token>();
  readonly #lastForcedAt = new Map<string, number>();
  readonly #basicDaily = createDailyQuota(2_000);
  readonly #stableDaily = createDailyQuota(500_000);
  readonly #stableMinute = createMinuteQuota(10_000);
  readonly #forcedDaily = createDailyQuota(20);

  constructor(clock: Clock, secrets: IssuedSecrets) {
    this.#clock = clock;
    this.#secrets = secrets;
  }

  /**
   * `/cgi-bin/token`: always a new token; the previous one stays valid for five minutes.
   * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-access-token/api_getaccesstoken.html
   */
  mintBasic(appId: string): AppTokenAnswer {
    if (!this.#basicDaily(appId, this.#clock.now())) throw new PlatformError(45009);
    return this.#answer(this.#mint(appId, 'basic', overlapMs));
  }

  /**
   * `/cgi-bin/stable_token`, normal mode: returns the same token until its last five minutes.
   * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-access-token/api_getstableaccesstoken.html
   */
  getStable(appId: string): AppTokenAnswer {
    this.#spendStable(appId);
    const current = this.#newest.get(poolKey(appId, 'stable'));
    const renew = !current || current.expiresAt - this.#clock.now() <= overlapMs;
    return this.#answer(renew ? this.#mint(appId, 'stable', overlapMs) : current);
  }

  /** `/cgi-bin/stable_token`, force mode: invalidates the old token at once; a call within 30 s refreshes nothing. */
  forceRefresh(appId: string): AppTokenAnswer {
    const now = this.#clock.now();
    if (now - (this.#lastForcedAt.get(appId) ?? -Infinity) < forceGapMs) return this.getStable(appId);
    this.#spendStable(appId);
    if (!this.#forcedDaily(appId, now)) throw new PlatformError(45009);
    this.#lastForcedAt.set(appId, now);
    return this.#answer(this.#mint(appId, 'stable', 0));
  }

  /** Returns the one of the apps whose valid token this is. @throws PlatformError if there is none */
  check<App extends { appId: string }>(value: string | null, apps: readonly App[]): App {
    if (!value) throw new PlatformError(41001);
    assertTokenShape(value);
    const token = this.#byValue.get(value);
    const app = apps.find(({ appId }) => appId === token?.appId);
    if (!token || !app) throw new PlatformError(40001);
    if (token.expiresAt <= this.#clock.now()) throw new PlatformError(token.replaced ? 40001 : 42001);
    return app;
  }

  #mint(appId: string, pool: Pool, oldLivesMs: number): Token {
    const now = this.#clock.now();
    this.#replaceAll(appId, pool, now + oldLivesMs);
    const value = this.#secrets.record(newToken());
    const token = { value, appId, pool, expiresAt: now + lifetimeMs, replaced: false };
    this.#byValue.set(value, token);
    this.#newest.set(poolKey(appId, pool), token);
    return token;
  }

  #replaceAll(appId: string, pool: Pool, diesAt: number): void {
    for (const token of this.#byValue.values()) {
      if (token.appId !== appId || token.pool !== pool || token.expiresAt <= this.#clock.now()) continue;
      // Only the newest token gets the whole overlap; a token replaced earlier keeps its earlier end.
      token.expiresAt = token.replaced ? Math.min(token.expiresAt, diesAt) : diesAt;
      token.replaced = true;
    }
  }

  #spendStable(appId: string): void {
    if (!this.#stableMinute(appId, this.#clock.now())) throw new PlatformError(45011);
    if (!this.#stableDaily(appId, this.#clock.now())) throw new PlatformError(45009);
  }

  #answer(token: Token): AppTokenAnswer {
    return {
      access_token: token.value,
      expires_in: Math.ceil((token.expiresAt - this.#clock.now()) / 1000),
    };
  }
}

/** Creates an access token in the format of WeChat, for apps and for users. */
export function newToken(): string {
  return `85_${randomBytes(99).toString('base64url')}`;
}

export function assertTokenShape(value: string): void {
  if (!/^\d+_[\w-]{100,}$/.test(value)) throw new PlatformError(40014);
}

function poolKey(appId: string, pool: Pool): string {
  return `${appId} ${pool}`;
}
