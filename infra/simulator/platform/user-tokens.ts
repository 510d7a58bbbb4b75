import type { Clock } from '../clock.ts';
import type { IssuedSecrets } from '../issued-secrets.ts';
import type { WechatUser } from '../wechat-users.ts';
import { assertTokenShape, newToken } from './app-tokens.ts';
import { PlatformError } from './error.ts';

/** The user's consent on the authorization page. A snapshot page has the identifiers of no real user. */
export interface Consent {
  user: WechatUser;
  openId: string;
  unionId: string;
  scope: 'snsapi_base' | 'snsapi_userinfo';
  snapshot: boolean;
}

interface Grant extends Consent {
  refreshToken: string;
  refreshableUntil: number;
  revoked: boolean;
}

interface UserTokenAnswer {
  access_token: string;
  expires_in: number;
  refresh_token: string;
  openid: string;
  scope: string;
}

const lifetimeMs = 7_200_000;
const refreshLifetimeMs = 30 * 86_400_000;

/**
 * User access tokens of web authorization, independent of the app access tokens.
 * @see https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsaccesstoken.html
 * @see https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsrefreshtoken.html
 */
export class UserTokens {
  readonly #clock: Clock;
  readonly #secrets: IssuedSecrets;
  readonly #tokens = new Map<string, { grant: Grant; expiresAt: number }>();
  readonly #grants = new Map<string, Grant>();

  constructor(clock: Clock, secrets: IssuedSecrets) {
    this.#clock = clock;
    this.#secrets = secrets;
  }

  issue(consent: Consent): UserTokenAnswer {
    const refreshToken = this.#secrets.record(newToken());
    const refreshableUntil = this.#clock.now() + refreshLifetimeMs;
    const grant = { ...consent, refreshToken, refreshableUntil, revoked: false };
    this.#grants.set(refreshToken, grant);
    return this.#mint(grant);
  }

  refresh(refreshToken: string): UserTokenAnswer {
    const grant = this.#grants.get(refreshToken);
    if (!grant) throw new PlatformError(40030);
    if (grant.revoked) throw new PlatformError(42007);
    if (grant.refreshableUntil <= this.#clock.now()) throw new PlatformError(42002);
    return this.#mint(grant);
  }

  /** Returns the consent if the token is valid and belongs to the openid. @throws PlatformError otherwise */
  check(token: string | null, openId: string | null): Consent {
    if (!token) throw new PlatformError(41001);
    assertTokenShape(token);
    const found = this.#tokens.get(token);
    if (!found) throw new PlatformError(40001);
    if (found.grant.revoked) throw new PlatformError(42007);
    if (found.expiresAt <= this.#clock.now()) throw new PlatformError(42001);
    if (!openId) throw new PlatformError(41009);
    if (openId !== found.grant.openId) throw new PlatformError(40003);
    return found.grant;
  }

  /** Revokes all tokens of a user, as a password change does. */
  revoke(user: WechatUser): void {
    for (const grant of this.#grants.values()) if (grant.user === user) grant.revoked = true;
  }

  #mint(grant: Grant): UserTokenAnswer {
    const token = this.#secrets.record(newToken());
    this.#tokens.set(token, { grant, expiresAt: this.#clock.now() + lifetimeMs });
    return {
      access_token: token,
      expires_in: lifetimeMs / 1000,
      refresh_token: grant.refreshToken,
      openid: grant.openId,
      scope: grant.scope,
    };
  }
}
