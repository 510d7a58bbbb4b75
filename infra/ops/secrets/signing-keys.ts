import { generateKeyPairSync } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { sessionTokens } from '../../../lib/identity/session-token.ts';
import { runtime } from '../../../lib/core/runtime.ts';

interface SigningKey extends JWK {
  /** Epoch seconds: since when it signs. Keys that were made elsewhere have none. */
  iat?: number;
}

interface JwkSet {
  keys: SigningKey[];
}

/** As long as a session lives, and a day. */
const TOKEN_LIFE_MS = 8 * 86_400_000;

/** A set of one new key. */
export async function newSigningKeys(nowMs = Date.now()): Promise<string> {
  return write([{ ...(await newKey()), iat: epochS(nowMs) }]);
}

/** The set, if each of its keys can sign. @throws NOT_CONFIGURED */
export async function checkSigningKeys(text: string): Promise<string> {
  await sessionTokens(text, runtime);
  const { keys } = JSON.parse(text) as JwkSet;
  // Of the others only the public half was read, and any of them may have to sign again one day.
  for (const key of keys) await sessionTokens(write([key]), runtime);
  return write(keys);
}

/**
 * The first step of a rotation: a new key is made known behind the one that signs, and signs nothing yet. Old keys go
 * once everything that they have signed has ended.
 * @param changedAtMs when the set was stored: what has no `iat` signs since then at the latest
 */
export async function announceKey(
  text: string,
  { nowMs, changedAtMs }: { nowMs: number; changedAtMs: number },
): Promise<string> {
  const { keys } = JSON.parse(text) as JwkSet;
  const signsSinceMs = ({ iat }: SigningKey) => (iat === undefined ? changedAtMs : iat * 1_000);
  // Newest first: whatever stands behind a key has signed nothing since that one signs.
  const lastInUse = keys.findIndex((key) => nowMs - signsSinceMs(key) > TOKEN_LIFE_MS);
  const [signer, ...others] = keys.slice(0, lastInUse + 1 || undefined) as [SigningKey, ...SigningKey[]];
  return write([signer, await newKey(), ...others]);
}

/** The second step, when every function knows the new key: it signs, and the one before verifies on. */
export function promoteKey(text: string, nowMs: number): string {
  const [signer, fresh, ...others] = (JSON.parse(text) as JwkSet).keys as [SigningKey, SigningKey, ...SigningKey[]];
  return write([{ ...fresh, iat: epochS(nowMs) }, signer, ...others]);
}

async function newKey(): Promise<SigningKey> {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }) as JWK;
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'EdDSA', use: 'sig' };
}

function epochS(ms: number): number {
  return Math.floor(ms / 1_000);
}

function write(keys: SigningKey[]): string {
  return JSON.stringify({ keys });
}
