import { AppError } from '../core/errors.ts';
import type { Runtime } from '../core/runtime.ts';
import type { PlatformTokens, StoredToken } from '../store/platform-tokens.ts';
import type { Consistency } from '../store/table.ts';
import type { FreshToken } from '../wechat/stable-token.ts';
import { errcodeOf } from '../wechat/platform-error.ts';

type OwnerDeps = Pick<Runtime, 'now' | 'sleep' | 'randomBytes' | 'log'> & { tokens: PlatformTokens };

/** One token of an app: the access token, or a ticket fetched with it. */
export interface OwnedToken {
  appId: string;
  kind: 'access_token' | 'jsapi_ticket';
  /** Requests the token from WeChat. */
  request(): Promise<FreshToken>;
}

const RENEW_BEFORE_MS = 5 * 60_000;
const MEMORY_MS = 60_000;
/**
 * Longer than one call to WeChat with its retry. WAIT_MS is longer still, so that a waiting instance can take over the
 * lease of a crashed holder.
 */
const LEASE_MS = 7_000;
const COOL_DOWN_MS = 1_000;
const WAIT_MS = 8_000;
const WAIT_STEP_MS = 100;
/** Errcodes by which WeChat rejects an access token. */
const TOKEN_ERRORS = new Set<number | undefined>([40001, 40014, 42001]);

/**
 * Creates the owner of one token of an app, for any number of instances. The holder of the lease calls WeChat. The
 * other instances use the old token during its last five minutes, and wait for the new token after that.
 * @see https://developers.weixin.qq.com/doc/oplatform/developers/dev/AccessToken.html
 */
export function tokenOwner(deps: OwnerDeps, { appId, kind, request }: OwnedToken) {
  let remembered: { value: string; untilMs: number } | undefined;

  return { appId, kind, request, get, withToken };

  /**
   * Runs `call` with the token. If WeChat rejects the token, marks the token as expired for all instances, unless
   * another instance has renewed it. Then retries the call once with the current token.
   */
  async function withToken<Answer>(call: (token: string) => Promise<Answer>): Promise<Answer> {
    const token = await get();
    try {
      return await call(token);
    } catch (error) {
      if (!TOKEN_ERRORS.has(errcodeOf(error))) throw error;
      deps.log.warn('platform-token.rejected', { appId, kind, errcode: errcodeOf(error) });
      remembered = undefined;
      await deps.tokens.expire(token);
      const next = await storedToken('strong');
      // WeChat returned the rejected token again. Possible causes are a forced refresh by another program, or a reset
      // secret.
      if (next === token) deps.log.error('platform-token.rejected-but-current', { appId, kind });
      return call(next);
    }
  }

  /**
   * Returns the token from memory if it was read less than a minute ago, otherwise from the table, otherwise from
   * WeChat.
   */
  async function get(): Promise<string> {
    return remembered && deps.now() < remembered.untilMs ? remembered.value : storedToken('eventual');
  }

  async function storedToken(consistency: Consistency): Promise<string> {
    const token = await deps.tokens.read(consistency);
    if (token && token.expiresAtMs - deps.now() > RENEW_BEFORE_MS) return remember(token);
    try {
      return await renewOrWait();
    } catch (error) {
      if (!token || token.expiresAtMs <= deps.now()) throw error;
      deps.log.error('platform-token.renewal-failed', { appId, kind, error });
      return token.value;
    }
  }

  async function renewOrWait(): Promise<string> {
    const owner = deps.randomBytes(12).toString('base64url');
    const deadlineMs = deps.now() + WAIT_MS;
    for (;;) {
      const nowMs = deps.now();
      const staleAtMs = nowMs + RENEW_BEFORE_MS;
      const lease = await deps.tokens.takeLease({ owner, nowMs, untilMs: nowMs + LEASE_MS, staleAtMs });
      if (lease.taken) return renew(owner, lease.generation);
      const token = await waitForHolder(lease.current, deadlineMs);
      if (token) return remember(token);
    }
  }

  /**
   * Returns the stored token once it is valid. Returns undefined when the lease ended without a valid token, so that
   * the caller tries to take the lease.
   */
  async function waitForHolder(current: StoredToken, deadlineMs: number): Promise<StoredToken | undefined> {
    let seen: StoredToken | undefined = current;
    while (seen && seen.expiresAtMs <= deps.now()) {
      if (seen.leaseUntilMs < deps.now()) return undefined;
      if (deps.now() > deadlineMs) throw new AppError('WECHAT_UNAVAILABLE', `WeChat returned no ${kind} in time`);
      await deps.sleep(WAIT_STEP_MS);
      seen = await deps.tokens.read('strong');
    }
    return seen;
  }

  async function renew(owner: string, generation: number): Promise<string> {
    try {
      const { value, lifeMs } = await request();
      const token = { value, expiresAtMs: deps.now() + lifeMs, generation: generation + 1 };
      await deps.tokens.put({ owner, ...token });
      return remember(token);
    } catch (error) {
      await deps.tokens.coolDown({ owner, untilMs: deps.now() + COOL_DOWN_MS });
      throw error;
    }
  }

  function remember({ value, expiresAtMs }: Pick<StoredToken, 'value' | 'expiresAtMs'>): string {
    const renewAtMs = expiresAtMs - RENEW_BEFORE_MS;
    remembered = { value, untilMs: Math.min(deps.now() + MEMORY_MS, renewAtMs) };
    return value;
  }
}

export type TokenOwner = ReturnType<typeof tokenOwner>;
