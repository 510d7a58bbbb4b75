import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { IssuedSecrets } from '../issued-secrets.ts';
import { createDailyQuota } from '../quota.ts';
import { PlatformError } from './error.ts';

const lifetimeMs = 7_200_000;
// The real figure is unpublished and "very limited": small enough to find a server that does not share its ticket.
const dailyLimit = 2_000;

/**
 * Tickets of the JS-SDK (platform 7.1): the same one while it lives. Whoever asks is told two hours each time, as
 * observed in the field, so that a server which believes it uses a dead ticket.
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

  /** The ticket of this app as it stands. */
  current(appId: string): string {
    const now = this.#clock.now();
    if (!this.#daily(appId, now)) throw new PlatformError(45009);
    const known = this.#byApp.get(appId);
    if (known && known.expiresAt > now) return known.value;
    const value = this.#secrets.record(randomBytes(64).toString('base64url'));
    this.#byApp.set(appId, { value, expiresAt: now + lifetimeMs });
    return value;
  }
}
