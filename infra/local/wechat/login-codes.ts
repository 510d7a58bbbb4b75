import type { Clock } from './clock.ts';
import { newSessionKey } from './people.ts';
import type { Person } from './people.ts';
import { PlatformError } from './platform-error.ts';
import { alphanumeric } from './random.ts';

interface LoginCode {
  person: Person;
  expiresAt: number;
  used: boolean;
}

const lifetimeMs = 5 * 60_000;

/** The codes of `wx.login` (platform 1.1): five minutes, single use. */
export class LoginCodes {
  readonly #codes = new Map<string, LoginCode>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Logs the person in once more, which replaces the session key as `wx.login` may do. */
  issue(person: Person): string {
    person.sessionKey = newSessionKey();
    const code = `0${alphanumeric(31)}`;
    this.#codes.set(code, { person, expiresAt: this.#clock.now() + lifetimeMs, used: false });
    return code;
  }

  redeem(code: string): Person {
    const found = this.#codes.get(code);
    if (!found || found.expiresAt <= this.#clock.now()) throw new PlatformError(40029);
    if (found.used) throw new PlatformError(40163);
    found.used = true;
    return found.person;
  }
}
