import { describe, expect, it } from 'vitest';
import { sessionTokens } from '../../../lib/identity/session-token.ts';
import { checkSigningKeys, newSigningKeys, rotateSigningKeys } from '../../../infra/ops/secrets/signing-keys.ts';

const NOW_MS = 1_795_000_000_000;
const claims = { sid: 's1', accountId: 'a1', createdAtMs: NOW_MS, expiresAt: NOW_MS / 1_000 + 3_600 };
const tokensOf = (keys: string) => sessionTokens(keys, { now: () => NOW_MS });
const sign = async (keys: string) => (await tokensOf(keys)).signSession(claims);
const verify = async (keys: string, token: string) => (await tokensOf(keys)).verifySession(token);
const kids = (text: string) => (JSON.parse(text) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);

describe('signing keys', () => {
  it('are made with a name and an algorithm, and pass their own check', async () => {
    const made = await newSigningKeys();
    expect(JSON.parse(made)).toMatchObject({
      keys: [{ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid: expect.stringMatching(/^[\w-]{43}$/) }],
    });
    await expect(checkSigningKeys(made)).resolves.toBe(made);
  });

  it('are refused when the halves of one of them do not belong together, wherever it stands', async () => {
    const [good, one, other] = (await Promise.all([newSigningKeys(), newSigningKeys(), newSigningKeys()])).map(
      (text) => (JSON.parse(text) as { keys: Record<string, string>[] }).keys[0],
    );
    const broken = JSON.stringify({ keys: [good, { ...one, d: other?.d }] });
    await expect(checkSigningKeys(broken)).rejects.toThrow('must be a JWK Set of private Ed25519 or P-256 keys');
  });

  it('are made known before they sign: no function meets a token of a key that it has never seen', async () => {
    const before = await newSigningKeys();
    const { known, signing } = await rotateSigningKeys(before, false);
    await expect(verify(known, await sign(before))).resolves.toMatchObject({ sid: 's1' });
    // In the first step the old key still signs, so those that look later lose nothing.
    await expect(verify(before, await sign(known))).resolves.toMatchObject({ sid: 's1' });
    // In the second, those that look later know the new key from the first.
    await expect(verify(known, await sign(signing))).resolves.toMatchObject({ sid: 's1' });
    await expect(verify(signing, await sign(before))).resolves.toMatchObject({ sid: 's1' });
    expect(kids(signing)).toEqual(kids(known).toReversed());
  });

  it('stay as long as a token that they signed may live, and no longer', async () => {
    const first = await newSigningKeys();
    const second = (await rotateSigningKeys(first, true)).signing;
    const soon = (await rotateSigningKeys(second, false)).signing;
    const late = (await rotateSigningKeys(second, true)).signing;
    expect(kids(soon).slice(1)).toEqual(kids(second));
    expect(kids(late).slice(1)).toEqual(kids(second).slice(0, 1));
  });
});
