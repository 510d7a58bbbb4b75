import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from './clock.ts';
import { ControlError } from './control-error.ts';
import type { IssuedSecrets } from './issued-secrets.ts';
import type { QrCode } from './platform/qr-codes.ts';
import { alphanumeric } from './random.ts';
import { ServiceWindows } from './service/windows.ts';
import type { SimulatorSettings } from './settings.ts';

export type AppName = 'miniapp' | 'official';

export interface PhoneNumber {
  /** Documented with the country code for foreign numbers. */
  full: string;
  /** Without the country code. */
  pure: string;
  /**
   * Documented as `86`. Some answers have the number 86, `+86`, a North American code with four digits as in the area
   * lists of mini-programs (1242, 1876), or an empty text.
   */
  countryCode: string | number;
}

interface NewWechatUser {
  /** null for a user without a phone number. */
  phone?: string | null;
  countryCode?: string;
  /** Default: the phone, with a plus and the country code if it is foreign. */
  fullPhone?: string;
  nickname?: string;
  avatarUrl?: string;
  /** Default: the user does not follow the official account. */
  follow?: Follow | null;
  tagIds?: number[];
  clientPlatformType?: number;
}

interface Follow {
  /** Epoch seconds of real time. */
  since: number;
  /** The parametric QR code that was scanned. */
  code?: QrCode;
}

/** One line of a chat: its type, and the fields of the type. */
interface ChatLine {
  from: 'person' | 'account';
  [field: string]: unknown;
}

export interface WechatUser {
  id: string;
  nickname: string;
  avatarUrl: string;
  phone: PhoneNumber | null;
  unionId: string;
  openIds: Record<AppName, string>;
  /** The chat with the official account, oldest first: messages, menu clicks and replies. */
  chat: ChatLine[];
  /** The customer-service chat of the mini-program, oldest first. */
  serviceChat: ChatLine[];
  /** The customer-service messages that each app may send. */
  windows: Record<AppName, ServiceWindows>;
  /** By template: the number of subscribe messages that the mini-program may still send. */
  grants: Map<string, number>;
  /** Template and subscribe messages, oldest first. */
  received: object[];
  /** Of the official account; null if the user does not follow it. */
  follow: Follow | null;
  /** The IP address of the phone, known after its browser visited a server of this machine. */
  address?: string;
  /** The tags that the official account gave the user, oldest first. */
  tagIds: number[];
  /** The user's phone, as match rules of conditional menus number it: 1 iOS, 2 Android, 3 others. */
  clientPlatformType: number;
  /** Epoch ms of the virtual clock: the last call of `wx.login`. */
  openedMiniProgramAt?: number;
  /** Base64 of 16 bytes: the only valid session key of the mini-program; absent before the first login. */
  sessionKey?: string;
  /** The session keys that a login replaced. */
  oldSessionKeys: string[];
}

/** The chat of a user with an app, in which the app answers. */
export function chatOf(app: AppName, { chat, serviceChat }: WechatUser): ChatLine[] {
  return app === 'official' ? chat : serviceChat;
}

/** The WeChat users, and the identifiers that each app receives. */
export class WechatUsers {
  readonly #users = new Map<string, WechatUser>();
  readonly #apps: Record<AppName, string>;
  readonly #clock: Clock;
  readonly #secrets: IssuedSecrets;
  /**
   * The apps bound to the Open Platform account: only these receive a unionid.
   * @see https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/union-id.html
   */
  #bound: readonly AppName[] = ['miniapp', 'official'];

  constructor(settings: SimulatorSettings, clock: Clock, secrets: IssuedSecrets) {
    this.#apps = { miniapp: settings.miniapp.appId, official: settings.official.appId };
    this.#clock = clock;
    this.#secrets = secrets;
  }

  create({
    phone,
    countryCode = '86',
    fullPhone,
    nickname,
    avatarUrl,
    follow = null,
    tagIds = [],
    clientPlatformType = 1,
  }: NewWechatUser): WechatUser {
    const number = this.#users.size + 1;
    const pure = phone === undefined ? `138${String(number).padStart(8, '0')}` : phone;
    const user: WechatUser = {
      id: `user-${number}`,
      nickname: nickname ?? `User ${number}`,
      avatarUrl: avatarUrl ?? `https://thirdwx.qlogo.cn/mmopen/vi_32/${alphanumeric(40)}/132`,
      phone:
        pure === null
          ? null
          : {
              full: this.#secrets.record(fullPhone ?? fullNumber(pure, countryCode)),
              pure: this.#secrets.record(pure),
              countryCode: number % 2 || !/^\d+$/.test(countryCode) ? countryCode : Number(countryCode),
            },
      unionId: this.#secrets.record(newOpenId('open platform')),
      openIds: {
        miniapp: this.#secrets.record(newOpenId(this.#apps.miniapp)),
        official: this.#secrets.record(newOpenId(this.#apps.official)),
      },
      follow,
      tagIds,
      clientPlatformType,
      chat: [],
      serviceChat: [],
      windows: { miniapp: new ServiceWindows(this.#clock), official: new ServiceWindows(this.#clock) },
      received: [],
      grants: new Map(),
      oldSessionKeys: [],
    };
    // A short name also occurs in unrelated text.
    if (nickname && nickname.length >= 6) this.#secrets.record(nickname);
    this.#users.set(user.id, user);
    return user;
  }

  /** Registers a new account with the number of a user, who loses the number: a number belongs to one account. */
  changeAccount(user: WechatUser): WechatUser {
    const { nickname, avatarUrl, phone } = user;
    const changed = this.create({ phone: null, nickname, avatarUrl });
    changed.phone = phone;
    user.phone = null;
    return changed;
  }

  get(id: string): WechatUser {
    const user = this.#users.get(id);
    if (!user) throw new ControlError(404, 'USER_UNKNOWN', `no user ${id}: create one with POST /_phone/users`);
    return user;
  }

  /** The oldest user. */
  first(): WechatUser | undefined {
    return this.#users.values().next().value;
  }

  /** The user's openid in an app; undefined for an unknown app. */
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

  /** Replaces the apps that are bound to the Open Platform account. */
  bind(apps: readonly AppName[]): void {
    this.#bound = apps;
  }

  /** The unionid that an app receives: undefined if the app is not bound. */
  unionIdIn(app: AppName, { unionId }: { unionId: string }): string | undefined {
    return this.#bound.includes(app) ? unionId : undefined;
  }

  /** Makes the identifiers of a snapshot page: valid in form, but of no real user. */
  newSnapshotIdentity(): { openId: string; unionId: string } {
    return {
      openId: this.#secrets.record(newOpenId(this.#apps.official)),
      unionId: this.#secrets.record(newOpenId('open platform')),
    };
  }

  /** Replaces the user's session key; the old key becomes invalid. */
  renewSessionKey(user: WechatUser): string {
    if (user.sessionKey !== undefined) user.oldSessionKeys.push(user.sessionKey);
    user.sessionKey = this.#secrets.record(randomBytes(16).toString('base64'));
    return user.sessionKey;
  }
}

function fullNumber(pure: string, countryCode: string): string {
  const code = countryCode.replace('+', '');
  return code === '' || code === '86' ? pure : `+${code}${pure}`;
}

/** 28 characters that start with `o`; ids of one app share a prefix, as real ones do. */
function newOpenId(appId: string): string {
  return `o${createHash('sha256').update(appId).digest('base64url').slice(0, 5)}${alphanumeric(22)}`;
}
