import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { IssuedSecrets } from '../issued-secrets.ts';
import { createDailyQuota } from '../quota.ts';
import { PlatformError } from './error.ts';

const lifetimeMs = 7_200_000;
// The real limit is unpublished and "very limited". This one is small enough to expose servers that do not share a ticket.
const dailyLimit = 2_000;

/**
 * Tickets of the JS-SDK: unchanged until they expire. Every answer has expires_in 7200, as observed on the real
 * platform, so a server that relies on expires_in uses an expired ticket.
 * @see https://developers.weixin.qq.com/doc/service/api/webdev/jssdk/api_getticket.html
 */
export class JsapiTickets {
  readonly #clock: Clock;
  readonly #secrets: IssuedSecrets;
  readonly #byApp = new Map<string, { value: string; expiresAt: number }>();
  readonly #daily = createDailyQuota(dailyLimit);

  constructor(clock: Clock, secrets: IssuedSecrets) {
    this.#clock = clock;
    this.#secrets = secrets;
  }

  /** Returns the app's current ticket; issues one if the last has expired. */
  current(appId: string): string {
    const now = this.#clock.now();
    if (!this.#daily(appId, now)) throw new PlatformError(45009);
    const known = this.valid(appId);
    if (known) return known;
    const value = this.#secrets.record(randomBytes(64).toString('base64url'));
    this.#byApp.set(appId, { value, expiresAt: now + lifetimeMs });
    return value;
  }

  /** Returns the app's current ticket without a call; undefined if none is valid. */
  valid(appId: string): string | undefined {
    const known = this.#byApp.get(appId);
    return known && known.expiresAt > this.#clock.now() ? known.value : undefined;
  }
}
