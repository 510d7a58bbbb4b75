import { describe, expect, it } from 'vitest';
import { publicJwkSet, sessionTokens } from '../../../lib/identity/session-token.ts';
import {
  announceKey,
  checkSigningKeys,
  createSigningKeys,
  promoteKey,
} from '../../../infra/ops/secrets/signing-keys.ts';

const NOW_MS = 1_795_000_000_000;
const claims = { sid: 's1', accountId: 'a1', createdAtMs: NOW_MS, expiresAt: NOW_MS / 1_000 + 3_600 };
const tokensOf = (keys: string) => sessionTokens(keys, { now: () => NOW_MS, audience: 'https://api.example.com' });
const sign = async (keys: string) => (await tokensOf(keys)).signSession(claims);
const verify = async (keys: string, token: string) => (await tokensOf(keys)).verifySession(token);
const kids = (text: string) => (JSON.parse(text) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);

describe('signing keys', () => {
  it('are created with a kid and an algorithm, and pass their own check', async () => {
    const made = await createSigningKeys();
    expect(JSON.parse(made)).toMatchObject({
      keys: [{ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid: expect.stringMatching(/^[\w-]{43}$/) }],
    });
    await expect(checkSigningKeys(made)).resolves.toBe(made);
  });

  it('are rejected when the halves of any key do not belong together', async () => {
    const [good, one, other] = (await Promise.all([createSigningKeys(), createSigningKeys(), createSigningKeys()])).map(
      (text) => (JSON.parse(text) as { keys: Record<string, string>[] }).keys[0],
    );
    const broken = JSON.stringify({ keys: [good, { ...one, d: other?.d }] });
    await expect(checkSigningKeys(broken)).rejects.toThrow('must be a JWK Set of private Ed25519 or P-256 keys');
  });

  it('keep the time of their first signature out of the public set', async () => {
    const made = await createSigningKeys(NOW_MS);
    expect(JSON.parse(made)).toMatchObject({ keys: [{ iat: NOW_MS / 1_000 }] });
    await expect(checkSigningKeys(made)).resolves.toBe(made);
    const { keys } = await publicJwkSet(made);
    expect(keys.map((key) => Object.keys(key).toSorted())).toEqual([['alg', 'crv', 'kid', 'kty', 'use', 'x']]);
  });

  it('are published before they sign, so that every function can verify each token', async () => {
    const before = await createSigningKeys();
    const known = await announceKey(before, { nowMs: NOW_MS, changedAtMs: NOW_MS });
    const signing = promoteKey(known, NOW_MS);
    await expect(verify(known, await sign(before))).resolves.toMatchObject({ sid: 's1' });
    // In the first step the old key still signs, so a container with the old set verifies everything.
    await expect(verify(before, await sign(known))).resolves.toMatchObject({ sid: 's1' });
    // In the second step a container with the set of the first step has the new key.
    await expect(verify(known, await sign(signing))).resolves.toMatchObject({ sid: 's1' });
    await expect(verify(signing, await sign(before))).resolves.toMatchObject({ sid: 's1' });
    expect(kids(signing)).toEqual(kids(known).toReversed());
  });
});

describe('previous keys', () => {
  const DAY_MS = 86_400_000;
  /** Rotates once on a day; the set was stored at the previous rotation. */
  const rotate = async (keys: string, day: number, before: number) => {
    const known = await announceKey(keys, { nowMs: day * DAY_MS, changedAtMs: before * DAY_MS });
    return promoteKey(known, day * DAY_MS);
  };
  const withoutIat = (text: string) =>
    JSON.stringify({
      keys: (JSON.parse(text) as { keys: { iat?: number }[] }).keys.map(({ iat: _iat, ...key }) => key),
    });

  it.each([
    ['every week', 7, 30],
    ['every day', 1, 30],
    ['every month', 30, 5],
  ])('stay exactly as long as their tokens live: %s', async (_often, everyDays, times) => {
    let keys = await createSigningKeys(0);
    const signedUntil = new Map<string, number>();
    for (let n = 1; n <= times; n += 1) {
      const day = n * everyDays;
      signedUntil.set(kids(keys)[0]!, day);
      keys = await rotate(keys, day, day - everyDays);
      expect(Buffer.byteLength(keys)).toBeLessThanOrEqual(4_096);
      const living = [...signedUntil].filter(([, until]) => day - until <= 7).map(([kid]) => kid);
      expect(kids(keys)).toEqual(expect.arrayContaining(living));
      expect(kids(keys).length).toBeLessThanOrEqual(living.length + 2);
    }
  });

  it('without iat count from the last change, or from the key before them', async () => {
    const old = withoutIat(await rotate(await rotate(await createSigningKeys(0), 1, 0), 2, 1));
    expect(kids(await rotate(old, 9, 2))).toHaveLength(4);
    expect(kids(await rotate(old, 11, 2))).toEqual([expect.any(String), kids(old)[0]]);
    let keys = old;
    for (const day of [9, 16, 23]) keys = await rotate(keys, day, day - 7);
    expect(kids(keys).filter((kid) => kids(old).includes(kid))).toEqual([]);
  });

  it('survive an interrupted rotation', async () => {
    const keys = await rotate(await createSigningKeys(0), 1, 0);
    const halfway = await announceKey(keys, { nowMs: 2 * DAY_MS, changedAtMs: DAY_MS });
    expect(kids(await rotate(halfway, 3, 2))).toEqual(expect.arrayContaining(kids(keys)));
  });
});
