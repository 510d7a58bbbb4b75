import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { publicJwkSet, sessionTokens } from '../../../../lib/identity/session-token.ts';

const NOW_MS = 1_800_000_000_000;
const audience = 'https://api.example.com';
const here = { now: () => NOW_MS, audience };
const ed25519 = (kid: string) => ({ ...generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }), kid });
const p256 = (kid: string) => ({
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
  kid,
});
const setOf = (...keys: object[]) => JSON.stringify({ keys });
const END_S = NOW_MS / 1_000 + 3_600;
const claims = { sid: 's1', accountId: 'a1' };
const session = { ...claims, createdAtMs: NOW_MS, expiresAt: END_S };
const unauthenticated = { code: 'UNAUTHENTICATED' };

describe('session tokens', () => {
  it.each([
    ['Ed25519', ed25519('k')],
    ['P-256', p256('k')],
  ])('signed with %s are verified', async (_, key) => {
    const tokens = await sessionTokens(setOf(key), here);
    expect(await tokens.verifySession(await tokens.signSession(session))).toEqual(claims);
  });

  it('stay valid when a new key is added in front, and become invalid when their key is removed', async () => {
    const [old, fresh] = [ed25519('old'), p256('new')];
    const token = await (await sessionTokens(setOf(old), here)).signSession(session);
    expect(await (await sessionTokens(setOf(fresh, old), here)).verifySession(token)).toEqual(claims);
    await expect((await sessionTokens(setOf(fresh), here)).verifySession(token)).rejects.toMatchObject(unauthenticated);
  });

  it('expire at their expiration time', async () => {
    const key = setOf(ed25519('k'));
    const token = await (await sessionTokens(key, here)).signSession(session);
    const later = (seconds: number) => sessionTokens(key, { audience, now: () => NOW_MS + seconds * 1_000 });
    expect(await (await later(3_599)).verifySession(token)).toEqual(claims);
    await expect((await later(3_600)).verifySession(token)).rejects.toMatchObject(unauthenticated);
  });

  it('are rejected with alg none, a foreign key, a changed body, or a public key used as HMAC secret', async () => {
    const key = ed25519('k');
    const tokens = await sessionTokens(setOf(key), here);
    const good = await tokens.signSession(session);
    const [header, body, signature] = good.split('.');
    const other = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(body!, 'base64url').toString()), sub: 'a2' }));
    const hmac = new SignJWT({ sid: 's1', sub: 'a1' }).setProtectedHeader({
      alg: 'HS256',
      typ: 'session+jwt',
      kid: 'k',
    });
    const forged = [
      new UnsecuredJWT({
        sid: 's1',
        sub: 'a1',
        iss: 'wechat-lambda',
        aud: audience,
        iat: END_S - 60,
        exp: END_S,
      }).encode(),
      await (await sessionTokens(setOf(ed25519('k')), here)).signSession(session),
      await (await sessionTokens(setOf(ed25519('unknown')), here)).signSession(session),
      [header, other.toString('base64url'), signature].join('.'),
      await hmac.setExpirationTime(END_S).sign(Buffer.from(String(key.x))),
      'nonsense',
      '',
    ];
    for (const token of forged) await expect(tokens.verifySession(token), token).rejects.toMatchObject(unauthenticated);
  });

  it('are rejected when only their typ is wrong', async () => {
    const key = ed25519('k');
    const tokens = await sessionTokens(setOf(key), here);
    const signed = (typ: string) =>
      new SignJWT({ sid: 's1', sub: 'a1' })
        .setProtectedHeader({ alg: 'EdDSA', typ, kid: 'k' })
        .setIssuer('wechat-lambda')
        .setAudience(audience)
        .setIssuedAt(END_S - 60)
        .setExpirationTime(END_S)
        .sign(createPrivateKey({ key, format: 'jwk' }));
    expect(await tokens.verifySession(await signed('session+jwt'))).toEqual(claims);
    await expect(tokens.verifySession(await signed('registration+jwt'))).rejects.toMatchObject(unauthenticated);
  });

  it('cannot be used as registration tokens, nor registration tokens as session tokens', async () => {
    const tokens = await sessionTokens(setOf(ed25519('k')), here);
    const registration = await tokens.signRegistration({ appId: 'wx', openId: 'o1', sid: 's1' });
    await expect(tokens.verifySession(registration)).rejects.toMatchObject(unauthenticated);
    await expect(tokens.verifyRegistration(await tokens.signSession(session))).rejects.toMatchObject(unauthenticated);
    const person = { appId: 'wx', openId: 'o1', sid: 's1' };
    expect(await tokens.verifyRegistration(registration)).toEqual({ ...person, issuedAtMs: NOW_MS });
  });

  it('of every kind are rejected by another deployment that has the same keys', async () => {
    const key = setOf(ed25519('k'));
    const [ours, other] = await Promise.all([
      sessionTokens(key, here),
      sessionTokens(key, { ...here, audience: 'https://staging.example.com' }),
    ]);
    const state = await ours.signOauthState({ state: 's', redirect: 'https://a.example/' });
    const registration = await ours.signRegistration({ appId: 'wx', openId: 'o1', sid: 's1' });
    await expect(other.verifySession(await ours.signSession(session))).rejects.toMatchObject(unauthenticated);
    await expect(other.verifyOauthState(state)).rejects.toMatchObject(unauthenticated);
    await expect(other.verifyRegistration(registration)).rejects.toMatchObject(unauthenticated);
    expect(await ours.verifyOauthState(state)).toEqual({ state: 's', redirect: 'https://a.example/' });
  });

  it('are rejected without an audience', async () => {
    const key = ed25519('k');
    const tokens = await sessionTokens(setOf(key), here);
    const signed = new SignJWT({ sid: 's1', sub: 'a1' })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'session+jwt', kid: 'k' })
      .setIssuer('wechat-lambda')
      .setIssuedAt(END_S - 60)
      .setExpirationTime(END_S);
    const sign = () => signed.sign(createPrivateKey({ key, format: 'jwk' }));
    await expect(tokens.verifySession(await sign())).rejects.toMatchObject(unauthenticated);
    signed.setAudience(audience);
    expect(await tokens.verifySession(await sign())).toEqual(claims);
  });

  it('name their kind, issuer and audience for other services that verify them', async () => {
    const tokens = await sessionTokens(setOf(ed25519('k')), here);
    const parts = (await tokens.signSession(session)).split('.').slice(0, 2);
    const [header, payload] = parts.map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as object);
    expect(header).toEqual({ typ: 'session+jwt', alg: 'EdDSA', kid: 'k' });
    expect(payload).toEqual({
      iss: 'wechat-lambda',
      aud: audience,
      sub: 'a1',
      sid: 's1',
      iat: NOW_MS / 1_000,
      exp: END_S,
    });
  });
});

describe('JWT_SIGNING_KEYS', () => {
  it('is published without its private parts', async () => {
    const { keys } = await publicJwkSet(setOf(ed25519('one'), p256('two')));
    expect(keys).toEqual([
      { kty: 'OKP', crv: 'Ed25519', x: expect.any(String), kid: 'one', alg: 'EdDSA', use: 'sig' },
      { kty: 'EC', crv: 'P-256', x: expect.any(String), y: expect.any(String), kid: 'two', alg: 'ES256', use: 'sig' },
    ]);
  });

  it('may contain keys without a kid, which then is their thumbprint', async () => {
    const nameless = setOf({ ...ed25519('k'), kid: undefined });
    const tokens = await sessionTokens(nameless, here);
    expect(await tokens.verifySession(await tokens.signSession(session))).toEqual(claims);
    expect((await publicJwkSet(nameless)).keys).toEqual([
      expect.objectContaining({ kid: expect.stringMatching(/^[\w-]{43}$/) }),
    ]);
  });

  it.each([
    ['text that is not JSON', 'x'],
    ['no keys', setOf()],
    ['a public key', setOf({ ...ed25519('k'), d: undefined })],
    ['a shared secret', setOf({ kty: 'oct', k: 'c2VjcmV0', kid: 'k' })],
    ['a point without y', setOf({ ...p256('k'), y: undefined })],
    ['an invalid private part', setOf({ ...ed25519('k'), d: 'AAAA' })],
    ['a broken key in second place', setOf(ed25519('k'), { ...p256('l'), x: 'AAAA' })],
  ])('is rejected with NOT_CONFIGURED for %s', async (_, value) => {
    await expect(sessionTokens(value, here)).rejects.toMatchObject({
      code: 'NOT_CONFIGURED',
      detail: { setting: 'JWT_SIGNING_KEYS' },
    });
  });
});
