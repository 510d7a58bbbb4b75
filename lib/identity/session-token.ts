import {
  calculateJwkThumbprint,
  errors,
  importJWK,
  jwtVerify,
  SignJWT,
  type CryptoKey,
  type JWK,
  type JWTPayload,
} from 'jose';
import * as v from 'valibot';
import { badSetting } from '../core/config.ts';
import { AppError } from '../core/errors.ts';
import type { Runtime } from '../core/runtime.ts';
import type { Person } from '../store/identities.ts';
import type { Session } from '../store/sessions.ts';

/** Lifetime of a registration token in seconds: the time to decide whether to register. */
export const REGISTRATION_LIFE_S = 10 * 60;
/** Seconds within which a browser must return from the consent page of WeChat. */
export const OAUTH_STATE_LIFE_S = 10 * 60;

const ISSUER = 'wechat-lambda';
/** The `typ` of a token is its kind, so that a token of one kind is never accepted as a token of another kind. */
const SESSION = 'session+jwt';
const OAUTH_STATE = 'oauth-state+jwt';
const REGISTRATION = 'registration+jwt';
const ALGORITHMS: Record<string, string> = { Ed25519: 'EdDSA', 'P-256': 'ES256' };

/** The public half of a key, as published in the JWKS. It is sufficient to verify a token. */
interface PublicJwk {
  kty: string;
  crv: string;
  x: string;
  y?: string;
  kid: string;
  alg: string;
  use: 'sig';
}

type PrivateJwk = Omit<PublicJwk, 'alg' | 'use'> & { d: string };

const privateJwkSet = v.object({
  keys: v.pipe(
    v.array(
      v.object({
        kty: v.string(),
        crv: v.picklist(Object.keys(ALGORITHMS)),
        x: v.string(),
        y: v.optional(v.string()),
        d: v.string(),
        kid: v.optional(v.string()),
      }),
    ),
    v.minLength(1),
  ),
});

/** The claims of a session token. */
export interface SessionClaims {
  sid: string;
  accountId: string;
}

/** A user who scanned a login code, and the id of the session that the registration opens. */
type Registration = Person & { sid: string };

/** A verified registration. `issuedAtMs` is the time of the login, with a precision of one second. */
type VerifiedRegistration = Registration & { issuedAtMs: number };

/** The state of one login through the consent page, which the browser keeps in a cookie. */
export interface OauthState {
  state: string;
  redirect: string;
}

type SignedSession = SessionClaims & Pick<Session, 'createdAtMs' | 'expiresAt'>;

/** Epoch seconds. */
interface Life {
  issuedAt: number;
  expiresAt: number;
}

/**
 * Signs and verifies the tokens of this service with the keys of JWT_SIGNING_KEYS, a private JWK Set (Ed25519 or
 * P-256). The first key signs, and every key verifies. To rotate, put a new key first, and remove the old key later.
 * All keys are imported at once, so that an invalid key fails before a token depends on that key.
 * @param audience PUBLIC_BASE_URL. A token of another deployment is rejected, even if both share a key.
 * @throws NOT_CONFIGURED when the text is not such a set
 */
export async function sessionTokens(jwkSet: string, { now, audience }: Pick<Runtime, 'now'> & { audience: string }) {
  const [first, ...others] = await readJwkSet(jwkSet);
  const signingKey = await importKey({ ...first });
  const publicKeys = new Map(
    await Promise.all([first, ...others].map(async (jwk) => [jwk.kid, await importKey(publicJwk(jwk))] as const)),
  );
  const header = { alg: ALGORITHMS[first.crv]!, kid: first.kid };

  return { signSession, verifySession, signRegistration, verifyRegistration, signOauthState, verifyOauthState };

  /**
   * Signs the token of a session, which expires with the session. With an Ed25519 key, every call returns the same
   * token.
   */
  function signSession({ sid, accountId, createdAtMs, expiresAt }: SignedSession): Promise<string> {
    return sign(SESSION, { sid, sub: accountId }, { issuedAt: Math.floor(createdAtMs / 1_000), expiresAt });
  }

  /**
   * Verifies a session token.
   * @throws UNAUTHENTICATED when this service did not sign the token, or the token has expired
   */
  async function verifySession(token: string): Promise<SessionClaims> {
    const { sid, sub } = await verify(SESSION, token);
    return { sid: text(sid), accountId: text(sub) };
  }

  /**
   * Signs a proof that this user scanned a login code and has no account yet. The registration opens the session `sid`.
   * The token expires after REGISTRATION_LIFE_S.
   */
  function signRegistration({ appId, openId, sid }: Registration): Promise<string> {
    return sign(REGISTRATION, { app: appId, sub: openId, sid }, life(REGISTRATION_LIFE_S));
  }

  /**
   * Verifies a registration token.
   * @throws UNAUTHENTICATED when this service did not sign the token, or the token has expired
   */
  async function verifyRegistration(token: string): Promise<VerifiedRegistration> {
    const { app, sub, sid, iat } = await verify(REGISTRATION, token);
    return { appId: text(app), openId: text(sub), sid: text(sid), issuedAtMs: iat! * 1_000 };
  }

  /** Signs the cookie of a browser that goes to the consent page. It expires after OAUTH_STATE_LIFE_S. */
  function signOauthState({ state, redirect }: OauthState): Promise<string> {
    return sign(OAUTH_STATE, { sub: state, redirect }, life(OAUTH_STATE_LIFE_S));
  }

  /**
   * Verifies the cookie of a browser that returns from the consent page.
   * @throws UNAUTHENTICATED when this service did not sign the token, or the token has expired
   */
  async function verifyOauthState(token: string): Promise<OauthState> {
    const { sub, redirect } = await verify(OAUTH_STATE, token);
    return { state: text(sub), redirect: text(redirect) };
  }

  function life(seconds: number): Life {
    return { issuedAt: nowS(), expiresAt: nowS() + seconds };
  }

  function sign(typ: string, claims: Record<string, string>, { issuedAt, expiresAt }: Life): Promise<string> {
    const token = new SignJWT(claims)
      .setProtectedHeader({ typ, ...header })
      .setIssuer(ISSUER)
      .setAudience(audience);
    return token.setIssuedAt(issuedAt).setExpirationTime(expiresAt).sign(signingKey);
  }

  async function verify(typ: string, token: string): Promise<JWTPayload> {
    const expected = { typ, issuer: ISSUER, audience, requiredClaims: ['sub', 'iat', 'exp'] };
    const options = { ...expected, algorithms: Object.values(ALGORITHMS), currentDate: new Date(now()) };
    try {
      return (await jwtVerify(token, keyOf, options)).payload;
    } catch (cause) {
      throw new AppError('UNAUTHENTICATED', 'This token is not valid; log in again', { cause });
    }
  }

  function keyOf({ kid = '' }: { kid?: string }): CryptoKey {
    const key = publicKeys.get(kid);
    if (!key) throw new errors.JWKSNoMatchingKey();
    return key;
  }

  function nowS(): number {
    return Math.floor(now() / 1_000);
  }
}

export type SessionTokens = Awaited<ReturnType<typeof sessionTokens>>;

/**
 * Returns the public halves of JWT_SIGNING_KEYS, to be published.
 * @throws NOT_CONFIGURED
 */
export async function publicJwkSet(jwkSet: string): Promise<{ keys: PublicJwk[] }> {
  return { keys: (await readJwkSet(jwkSet)).map(publicJwk) };
}

/** Reads a private JWK Set. A key without `kid` gets its thumbprint (RFC 7638) as `kid`. */
async function readJwkSet(jwkSet: string): Promise<[PrivateJwk, ...PrivateJwk[]]> {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), privateJwkSet), jwkSet);
  if (!parsed.success) throw badKeys();
  const named = parsed.output.keys.map(async (jwk) => ({ ...jwk, kid: jwk.kid || (await thumbprint(jwk)) }));
  return (await Promise.all(named)) as [PrivateJwk, ...PrivateJwk[]];
}

async function thumbprint(jwk: JWK): Promise<string> {
  try {
    return await calculateJwkThumbprint(jwk);
  } catch (cause) {
    throw badKeys(cause);
  }
}

async function importKey(jwk: JWK): Promise<CryptoKey> {
  try {
    return (await importJWK(jwk, ALGORITHMS[jwk.crv!])) as CryptoKey;
  } catch (cause) {
    throw badKeys(cause);
  }
}

function badKeys(cause?: unknown): AppError {
  return badSetting('JWT_SIGNING_KEYS', 'must be a JWK Set of private Ed25519 or P-256 keys', cause);
}

function publicJwk({ kty, crv, x, y, kid }: PrivateJwk): PublicJwk {
  return { kty, crv, x, ...(y && { y }), kid, alg: ALGORITHMS[crv]!, use: 'sig' };
}

function text(claim: unknown): string {
  if (typeof claim === 'string' && claim !== '') return claim;
  throw new AppError('UNAUTHENTICATED', 'This token is not valid; log in again');
}
