import type { Clock } from '../clock.ts';
import type { IssuedSecrets } from '../issued-secrets.ts';
import { alphanumeric } from '../random.ts';
import { PlatformError } from './error.ts';
import type { Errcode } from './error.ts';

interface Code<Grant> {
  grant: Grant;
  expiresAt: number;
  used: boolean;
}

const lifetimeMs = 5 * 60_000;

/** Codes of one kind, each valid for one call within five minutes; codes of other kinds are unknown. */
export class OneTimeCodes<Grant> {
  readonly #codes = new Map<string, Code<Grant>>();
  readonly #clock: Clock;
  readonly #secrets: IssuedSecrets;
  readonly #errcodes: { expired: Errcode; used: Errcode };

  constructor(clock: Clock, secrets: IssuedSecrets, errcodes: { expired: Errcode; used: Errcode }) {
    this.#clock = clock;
    this.#secrets = secrets;
    this.#errcodes = errcodes;
  }

  issue(grant: Grant): string {
    const code = this.#secrets.record(`0${alphanumeric(31)}`);
    this.#codes.set(code, { grant, expiresAt: this.#clock.now() + lifetimeMs, used: false });
    return code;
  }

  /** Uses a code and returns its grant; if `check` throws, the code stays unused. */
  redeem(code: string, check?: (grant: Grant) => void): Grant {
    const found = this.#codes.get(code);
    if (!found) throw new PlatformError(40029);
    if (found.expiresAt <= this.#clock.now()) throw new PlatformError(this.#errcodes.expired);
    if (found.used) throw new PlatformError(this.#errcodes.used);
    check?.(found.grant);
    found.used = true;
    return found.grant;
  }
}
