import { errors, importJWK, jwtVerify, SignJWT, type CryptoKey, type JWK } from 'jose';
import * as v from 'valibot';
import { badSetting } from '../config.ts';
import { AppError } from '../errors.ts';
import type { Runtime } from '../runtime.ts';

/** Seconds that a session and its token live. */
export const SESSION_LIFE_S = 7 * 24 * 3_600;
/** Seconds that somebody who scanned has to decide to register. */
export const REGISTRATION_LIFE_S = 10 * 60;

const ISSUER = 'wechat-lambda';
const SESSION = 'session+jwt';
const REGISTRATION = 'registration+jwt';
const ALGORITHMS: Record<string, string> = { Ed25519: 'EdDSA', 'P-256': 'ES256' };

/** The public half of a key: what JWKS shows, and all that checking takes. */
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
        kid: v.pipe(v.string(), v.minLength(1)),
      }),
    ),
    v.minLength(1),
  ),
});

/** A token names its kind in `typ`, so that one kind is never taken for the other. */
export interface SessionClaims {
  sid: string;
  accountId: string;
}

export interface RegistrationClaims {
  appId: string;
  openId: string;
}

/**
 * Signs and checks our own tokens with the keys of JWT_SIGNING_KEYS (a private JWK Set, Ed25519 or P-256): the first
 * key signs, every key verifies, so a key is replaced by putting the new one in front and dropping the old one later.
 * @throws NOT_CONFIGURED when the set is not one
 */
export function sessionTokens(jwkSet: string, { now }: Pick<Runtime, 'now'>) {
  const jwks = parseJwkSet(jwkSet);
  const keys = new Map<string, Promise<CryptoKey>>();

  return { signSession, verifySession, signRegistration, verifyRegistration };

  /** A session token for SESSION_LIFE_S seconds. */
  function signSession({ sid, accountId }: SessionClaims): Promise<string> {
    return sign(SESSION, { sid, sub: accountId }, SESSION_LIFE_S);
  }

  /** @throws UNAUTHENTICATED for anything but a living session token of ours */
  async function verifySession(token: string): Promise<SessionClaims> {
    const { sid, sub } = await verify(SESSION, token);
    return { sid: text(sid), accountId: text(sub) };
  }

  /** Proof that this openid scanned a code of ours and has no account yet, for REGISTRATION_LIFE_S seconds. */
  function signRegistration({ appId, openId }: RegistrationClaims): Promise<string> {
    return sign(REGISTRATION, { app: appId, sub: openId }, REGISTRATION_LIFE_S);
  }

  /** @throws UNAUTHENTICATED for anything but a living registration token of ours */
  async function verifyRegistration(token: string): Promise<RegistrationClaims> {
    const { app, sub } = await verify(REGISTRATION, token);
    return { appId: text(app), openId: text(sub) };
  }

  async function sign(typ: string, claims: Record<string, string>, lifeS: number): Promise<string> {
    const nowS = Math.floor(now() / 1_000);
    const [jwk] = jwks;
    return new SignJWT(claims)
      .setProtectedHeader({ typ, alg: ALGORITHMS[jwk.crv]!, kid: jwk.kid })
      .setIssuer(ISSUER)
      .setIssuedAt(nowS)
      .setExpirationTime(nowS + lifeS)
      .sign(await key(jwk, 'private'));
  }

  async function verify(typ: string, token: string) {
    const byKid = ({ kid }: { kid?: string }) => {
      const jwk = jwks.find((candidate) => candidate.kid === kid);
      if (!jwk) throw new errors.JWKSNoMatchingKey();
      return key(jwk, 'public');
    };
    const options = { typ, issuer: ISSUER, algorithms: Object.values(ALGORITHMS), currentDate: new Date(now()) };
    try {
      return (await jwtVerify(token, byKid, { ...options, requiredClaims: ['sub', 'exp'] })).payload;
    } catch (cause) {
      throw new AppError('UNAUTHENTICATED', 'Log in again: this token is not valid', { cause });
    }
  }

  /** Imports a key once. */
  function key(jwk: PrivateJwk, half: 'private' | 'public'): Promise<CryptoKey> {
    const id = `${half} ${jwk.kid}`;
    const source: JWK = half === 'public' ? publicJwk(jwk) : { ...jwk };
    const found = keys.get(id) ?? (importJWK(source, ALGORITHMS[jwk.crv]) as Promise<CryptoKey>);
    keys.set(id, found);
    return found;
  }
}

export type SessionTokens = ReturnType<typeof sessionTokens>;

/** The public halves of JWT_SIGNING_KEYS, for everybody to see. @throws NOT_CONFIGURED */
export function publicJwkSet(jwkSet: string): { keys: PublicJwk[] } {
  return { keys: parseJwkSet(jwkSet).map(publicJwk) };
}

function parseJwkSet(jwkSet: string): [PrivateJwk, ...PrivateJwk[]] {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), privateJwkSet), jwkSet);
  if (parsed.success) return parsed.output.keys as [PrivateJwk, ...PrivateJwk[]];
  throw badSetting('JWT_SIGNING_KEYS', 'must be a JWK Set of private Ed25519 or P-256 keys, each with a kid');
}

function publicJwk({ kty, crv, x, y, kid }: PrivateJwk): PublicJwk {
  return { kty, crv, x, ...(y && { y }), kid, alg: ALGORITHMS[crv]!, use: 'sig' };
}

function text(claim: unknown): string {
  if (typeof claim === 'string' && claim !== '') return claim;
  throw new AppError('UNAUTHENTICATED', 'Log in again: this token is not valid');
}
