import { createHash, randomBytes } from 'node:crypto';
import { ControlError } from './control-error.ts';
import { alphanumeric } from './random.ts';
import type { SimulatorSettings } from './settings.ts';

export interface Person {
  id: string;
  nickname: string;
  phone: string;
  unionId: string;
  openIds: { miniapp: string; official: string };
  /** Whether the person follows the official account. */
  follows: boolean;
  /** Base64 of 16 bytes; the one valid key of this person in the mini program. */
  sessionKey: string;
}

/** The WeChat users of this world. */
export class People {
  readonly #people = new Map<string, Person>();
  readonly #apps: { miniapp: string; official: string };

  constructor(settings: SimulatorSettings) {
    this.#apps = { miniapp: settings.miniapp.appId, official: settings.official.appId };
  }

  create({ phone, nickname }: { phone?: string; nickname?: string }): Person {
    const number = this.#people.size + 1;
    const person: Person = {
      id: `user-${number}`,
      nickname: nickname ?? `User ${number}`,
      phone: phone ?? `138${String(number).padStart(8, '0')}`,
      unionId: newOpenId('open platform'),
      openIds: { miniapp: newOpenId(this.#apps.miniapp), official: newOpenId(this.#apps.official) },
      follows: false,
      sessionKey: newSessionKey(),
    };
    this.#people.set(person.id, person);
    return person;
  }

  get(id: string): Person {
    const person = this.#people.get(id);
    if (!person) throw new ControlError(404, 'USER_UNKNOWN', `no user ${id}: create one with POST /_phone/users`);
    return person;
  }

  /** The person's openid in an app; undefined if the app is none of ours. */
  openIdOf(person: Person, appId: string): string | undefined {
    if (appId === this.#apps.miniapp) return person.openIds.miniapp;
    return appId === this.#apps.official ? person.openIds.official : undefined;
  }

  knowsOpenId(appId: string, openId: string): boolean {
    return [...this.#people.values()].some((person) => this.openIdOf(person, appId) === openId);
  }
}

/** A session_key: 16 random bytes in base64. */
export function newSessionKey(): string {
  return randomBytes(16).toString('base64');
}

/** 28 characters that start with `o`; ids of one app share their beginning, as the real ones do. */
function newOpenId(appId: string): string {
  return `o${createHash('sha256').update(appId).digest('base64url').slice(0, 5)}${alphanumeric(22)}`;
}
