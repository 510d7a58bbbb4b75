import { generateKeyPairSync } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { sessionTokens } from '../../../lib/identity/session-token.ts';

interface SigningKey extends JWK {
  /** Time of the first signature (epoch seconds). Absent in keys that other tools created. */
  iat?: number;
}

interface JwkSet {
  keys: SigningKey[];
}

/** The lifetime of a session plus one day. */
const TOKEN_LIFE_MS = 8 * 86_400_000;

/** The check imports the keys and signs no token. */
const UNUSED = { now: Date.now, audience: '' };

/** Creates a set of one new key. */
export async function createSigningKeys(nowMs = Date.now()): Promise<string> {
  return write([{ ...(await createKey()), iat: epochS(nowMs) }]);
}

/** Returns the set when each of its keys can sign. @throws NOT_CONFIGURED */
export async function checkSigningKeys(text: string): Promise<string> {
  await sessionTokens(text, UNUSED);
  const { keys } = JSON.parse(text) as JwkSet;
  // `sessionTokens` reads only the public half of the others, but each of them may sign again.
  for (const key of keys) await sessionTokens(write([key]), UNUSED);
  return write(keys);
}

/**
 * Adds a new key behind the signing key, as the first step of a rotation. Drops old keys whose tokens have expired.
 * @param changedAtMs when the set was stored; a key without `iat` has signed since then at the latest
 */
export async function announceKey(
  text: string,
  { nowMs, changedAtMs }: { nowMs: number; changedAtMs: number },
): Promise<string> {
  const { keys } = JSON.parse(text) as JwkSet;
  const signsSinceMs = ({ iat }: SigningKey) => (iat === undefined ? changedAtMs : iat * 1_000);
  // Newest first: a key stops signing when the key before it in the set starts.
  const lastInUse = keys.findIndex((key) => nowMs - signsSinceMs(key) > TOKEN_LIFE_MS);
  const [signer, ...others] = keys.slice(0, lastInUse + 1 || undefined) as [SigningKey, ...SigningKey[]];
  return write([signer, await createKey(), ...others]);
}

/** Makes the new key sign, as the second step; the previous key still verifies. Every function must have the key by then. */
export function promoteKey(text: string, nowMs: number): string {
  const [signer, fresh, ...others] = (JSON.parse(text) as JwkSet).keys as [SigningKey, SigningKey, ...SigningKey[]];
  return write([{ ...fresh, iat: epochS(nowMs) }, signer, ...others]);
}

async function createKey(): Promise<SigningKey> {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }) as JWK;
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'EdDSA', use: 'sig' };
}

function epochS(ms: number): number {
  return Math.floor(ms / 1_000);
}

function write(keys: SigningKey[]): string {
  return JSON.stringify({ keys });
}
