import { generateKeyPairSync } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { sessionTokens } from '../../../lib/identity/session-token.ts';
import { runtime } from '../../../lib/runtime.ts';

interface JwkSet {
  keys: JWK[];
}

/** A set of one new key. */
export async function newSigningKeys(): Promise<string> {
  return write([await newKey()]);
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
 * The two steps of a rotation. First the new key is made known, and signs nothing; when every function knows it, it
 * signs. Of the keys before, the one that has signed until now verifies on; older ones go once everything that they
 * have signed has ended.
 * @param olderMayGo whether the last change is longer ago than any token lives
 */
export async function rotateSigningKeys(
  text: string,
  olderMayGo: boolean,
): Promise<{ known: string; signing: string }> {
  const { keys } = JSON.parse(text) as JwkSet;
  const [signer, ...older] = keys as [JWK, ...JWK[]];
  const fresh = await newKey();
  const kept = olderMayGo ? [] : older;
  return { known: write([signer, fresh, ...kept]), signing: write([fresh, signer, ...kept]) };
}

async function newKey(): Promise<JWK> {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }) as JWK;
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'EdDSA', use: 'sig' };
}

function write(keys: JWK[]): string {
  return JSON.stringify({ keys });
}
