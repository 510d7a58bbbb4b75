import { createHash, randomBytes } from 'node:crypto';
import { ControlError } from './control-error.ts';
import type { IssuedSecrets } from './issued-secrets.ts';
import type { QrCode } from './platform/qr-codes.ts';
import { alphanumeric } from './random.ts';
import type { SimulatorSettings } from './settings.ts';

export type AppName = 'miniapp' | 'official';

export interface PhoneNumber {
  /** Without the country. */
  pure: string;
  /** As the platform will write it: documented as a string, and a number from some servers. */
  countryCode: string | number;
}

interface NewWechatUser {
  /** null: somebody whose WeChat has no phone number. */
  phone?: string | null;
  countryCode?: string;
  nickname?: string;
  avatarUrl?: string;
}

interface Follow {
  /** Seconds of real time. */
  since: number;
  /** The parametric QR code that was scanned. */
  code?: QrCode;
}

export interface WechatUser {
  id: string;
  nickname: string;
  avatarUrl: string;
  phone: PhoneNumber | null;
  unionId: string;
  openIds: Record<AppName, string>;
  /** Of the official account, oldest first: what was said by both sides, menu clicks, and what the account sent. */
  chat: { from: 'person' | 'account'; [field: string]: unknown }[];
  /** How many subscribe messages of a template the mini-program may still send. */
  grants: Map<string, number>;
  /** Template and subscribe messages, oldest first. */
  received: object[];
  /** Of the official account; null for who does not follow. */
  follow: Follow | null;
  /** Base64 of 16 bytes: the one valid key of this person in the mini-program, once there was a login. */
  sessionKey?: string;
}

/** The WeChat users of this world, and what each app may know of them. */
export class WechatUsers {
  readonly #users = new Map<string, WechatUser>();
  readonly #apps: Record<AppName, string>;
  readonly #secrets: IssuedSecrets;
  /** The apps of the Open Platform account: only there people have a unionid (platform 0.3). */
  #bound: readonly AppName[] = ['miniapp', 'official'];

  constructor(settings: SimulatorSettings, secrets: IssuedSecrets) {
    this.#apps = { miniapp: settings.miniapp.appId, official: settings.official.appId };
    this.#secrets = secrets;
  }

  create({ phone, countryCode = '86', nickname, avatarUrl }: NewWechatUser): WechatUser {
    const number = this.#users.size + 1;
    const pure = phone === undefined ? `138${String(number).padStart(8, '0')}` : phone;
    const user: WechatUser = {
      id: `user-${number}`,
      nickname: nickname ?? `User ${number}`,
      avatarUrl: avatarUrl ?? `https://thirdwx.qlogo.cn/mmopen/vi_32/${alphanumeric(40)}/132`,
      phone:
        pure === null
          ? null
          : { pure: this.#secrets.record(pure), countryCode: number % 2 ? countryCode : Number(countryCode) },
      unionId: this.#secrets.record(newOpenId('open platform')),
      openIds: {
        miniapp: this.#secrets.record(newOpenId(this.#apps.miniapp)),
        official: this.#secrets.record(newOpenId(this.#apps.official)),
      },
      follow: null,
      chat: [],
      received: [],
      grants: new Map(),
    };
    // A short name is found in any text.
    if (nickname && nickname.length >= 6) this.#secrets.record(nickname);
    this.#users.set(user.id, user);
    return user;
  }

  get(id: string): WechatUser {
    const user = this.#users.get(id);
    if (!user) throw new ControlError(404, 'USER_UNKNOWN', `no user ${id}: create one with POST /_phone/users`);
    return user;
  }

  /** The person's openid in an app; undefined if the app is none of ours. */
  openIdOf(user: WechatUser, appId: string): string | undefined {
    if (appId === this.#apps.miniapp) return user.openIds.miniapp;
    return appId === this.#apps.official ? user.openIds.official : undefined;
  }

  hasOpenId(appId: string, openId: string): boolean {
    return [...this.#users.values()].some((user) => this.openIdOf(user, appId) === openId);
  }

  followers(): WechatUser[] {
    return [...this.#users.values()].filter(({ follow }) => follow);
  }

  byOpenId(app: AppName, openId: unknown): WechatUser | undefined {
    return [...this.#users.values()].find(({ openIds }) => openIds[app] === openId);
  }

  /** Binds these apps, and no others, to the Open Platform account. */
  bind(apps: readonly AppName[]): void {
    this.#bound = apps;
  }

  /** The person's unionid as an app sees it: none if the app is not bound. */
  unionIdIn(app: AppName, { unionId }: { unionId: string }): string | undefined {
    return this.#bound.includes(app) ? unionId : undefined;
  }

  /** The ids that a snapshot page shows: they look real and belong to nobody. */
  newSnapshotIdentity(): { openId: string; unionId: string } {
    return {
      openId: this.#secrets.record(newOpenId(this.#apps.official)),
      unionId: this.#secrets.record(newOpenId('open platform')),
    };
  }

  /** Gives the person a new session key, which is the end of the old one. */
  renewSessionKey(user: WechatUser): string {
    user.sessionKey = this.#secrets.record(randomBytes(16).toString('base64'));
    return user.sessionKey;
  }
}

/** 28 characters that start with `o`; ids of one app share their beginning, as the real ones do. */
function newOpenId(appId: string): string {
  return `o${createHash('sha256').update(appId).digest('base64url').slice(0, 5)}${alphanumeric(22)}`;
}
