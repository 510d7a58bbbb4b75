// Behaviour of a real DynamoDB that the local engine lacks: lost responses, lagging reads and transaction conflicts.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { bindPhone } from '../../lib/identity/bind-phone.ts';
import { getMe } from '../../lib/identity/get-me.ts';
import { recordFollow } from '../../lib/identity/following.ts';
import { logout } from '../../lib/identity/logout.ts';
import { updateProfile } from '../../lib/identity/update-profile.ts';
import { randomSessionId } from '../../lib/identity/open-session.ts';
import { register } from '../../lib/identity/register.ts';
import { putCatalog } from '../../lib/pay/catalog.ts';
import { getOrder } from '../../lib/pay/get-order.ts';
import { settlePayment } from '../../lib/pay/settle.ts';
import { createOfficialQrLogin } from '../../lib/scan-login/create.ts';
import { pollQrLogin } from '../../lib/scan-login/poll.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { readOrderPage } from '../../lib/store/order-lists.ts';
import { readIdentity } from '../../lib/store/identities.ts';
import { putSceneScan } from '../../lib/store/scene-scans.ts';
import { AppError } from '../../lib/core/errors.ts';
import { platformError, PlatformError } from '../../lib/wechat/platform-error.ts';
import { asVerified } from '../support/verified.ts';
import { unsteadyEngine } from '../support/unsteady-engine.ts';
import { buy } from '../support/buyers.ts';
import { ASKER, chatOf } from '../support/scan-login.ts';
import { createWorld, ids, type World } from '../support/world.ts';

const { appId } = ids.official;

let engine: Awaited<ReturnType<typeof unsteadyEngine>>;
let world: World;
beforeAll(async () => {
  engine = await unsteadyEngine();
  world = await createWorld({ via: engine.before });
  await putCatalog(world.base, {
    items: [
      { sku: 'coffee', description: 'Coffee', kind: 'goods', unitFen: 1800 },
      { sku: 'top-up', description: 'Top-up', kind: 'wallet-topup', minFen: 100, maxFen: 500_000 },
    ],
  });
});
afterAll(async () => {
  await world.simulator.close();
  engine.close();
});

const loggedIn = async () => loginMiniapp(world.miniapp, await world.phone.loginCode(await world.phone.newPerson()));
const poll = ({ ticket, pollToken }: { ticket: string; pollToken: string }) =>
  pollQrLogin(world.sessions, { ticket, pollToken });
const scannedCode = async () => {
  const { openIds } = await world.phone.newPerson();
  const token = await world.sessions.tokens.signRegistration({
    appId,
    openId: openIds.official,
    sid: randomSessionId(world.base),
  });
  await register(world.sessions, token);
  const qr = await createOfficialQrLogin(world.official, ASKER);
  await chatOf(world.officialEvents).logIn({ ticket: qr.ticket, openId: openIds.official });
  return qr;
};

describe('SDK retry of a write after a lost response', () => {
  it('still returns the success to the only poll of a ticket', async () => {
    const qr = await scannedCode();
    engine.loseAnswerOf('UpdateItem', qr.ticket);
    expect(await poll(qr)).toMatchObject({ status: 'registered' });
  });

  it('still gives its owner the lease of the access token, for one call to WeChat', async () => {
    await world.official.accessToken.withToken(async (token) => token);
    world.clock.offsetMs = 116 * 60_000;
    await world.simulator.advanceClock(116 * 60_000);
    const before = await world.calls('/cgi-bin/stable_token');
    engine.loseAnswerOf('UpdateItem', 'leaseUntilMs');
    await expect(world.coldAccessToken().withToken(async (token) => token)).resolves.toBeTypeOf('string');
    expect((await world.calls('/cgi-bin/stable_token')) - before).toBe(1);
    world.clock.offsetMs = 0;
  });

  it('still gives a request the claim of its phone code', async () => {
    const person = await world.phone.newPerson();
    const { token } = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    const { code } = (await world.phone.act(person, 'phone-code')) as { code: string };
    engine.loseAnswerOf('PutItem', 'PHONECODE#');
    expect((await bindPhone(world.miniapp, { token, proof: { code } })).user.initialized).toBe(true);
  });

  it('still ends the session of a logout, and reports success', async () => {
    const { token } = await loggedIn();
    engine.loseAnswerOf('PutItem', 'revokedAtMs');
    await expect(logout(world.sessions, token)).resolves.toBeUndefined();
    await expect(getMe(world.sessions, token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('still places the order that was stored', async () => {
    const { token } = await loggedIn();
    engine.loseAnswerOf('PutItem', 'timeExpire');
    expect(await buy(world.pay, { token })).toMatchObject({ order: { state: 'NOTPAY' } });
  });

  it('still places one top-up, and changes its account once', async () => {
    const { token, user } = await loggedIn();
    const { revision } = (await readAccount(world.table, user.id, 'strong'))!;
    engine.loseAnswerOf('TransactWriteItems', 'timeExpire');
    const { order } = await buy(world.pay, { token, sku: 'top-up', amountFen: 500 });
    expect(order).toMatchObject({ state: 'NOTPAY' });
    expect(await readOrderPage(world.table, { accountId: user.id, limit: 10 })).toMatchObject([
      { outTradeNo: order.outTradeNo },
    ]);
    expect(await readAccount(world.table, user.id, 'strong')).toMatchObject({ revision: revision + 1 });
  });

  it.each([
    ['the second of the unfollow', 100, '"S":"follow-100"'],
    ['a later second', 101, 'follow-101'],
  ])('still reports a follow of %s as stored', async (_, atS, part) => {
    const identity = { appId, openId: 'o-lost-follow' };
    await recordFollow(world.base, { ...identity, follows: false, atS: 100, pushId: 'unfollow' });
    const before = world.lines.length;
    engine.loseAnswerOf('UpdateItem', part);
    await recordFollow(world.base, { ...identity, follows: true, atS, pushId: `follow-${atS}` });
    expect(world.lines.slice(before).join()).toContain('official-account.subscribed');
  });

  it('still handles the scan of a channel code', async () => {
    const scan = {
      appId,
      openId: 'o-lost-scene',
      pushId: 'lost-scene',
      scene: 's',
      follow: false,
      at: '2026-11-20T00:00:00Z',
    };
    engine.loseAnswerOf('PutItem', 'lost-scene');
    expect(await putSceneScan(world.table, { ...scan, claimToken: 'a', expiresAt: 2_000_000_000 })).toBe(true);
  });

  it('still logs the first record of a mismatch', async () => {
    engine.loseAnswerOf('PutItem', 'MISMATCH#lost-answer');
    const payment = { transactionId: 'lost-answer', paidAt: '2026-11-20T00:00:00.000Z', amountFen: 1, currency: 'CNY' };
    const transaction = { appId, mchId: '1', outTradeNo: 'unknown', tradeState: 'SUCCESS', payment };
    await expect(settlePayment(world.base, asVerified(transaction))).rejects.toBeInstanceOf(AppError);
    expect(
      world.lines.filter((line) => line.includes('"payment.mismatched"') && line.includes('lost-answer')),
    ).toHaveLength(1);
  });
});

describe('eventually consistent read that finds nothing yet', () => {
  it('still answers the first poll of a new code with pending', async () => {
    const qr = await createOfficialQrLogin(world.official, ASKER);
    engine.findNothingAt(qr.ticket);
    expect(await poll(qr)).toMatchObject({ status: 'pending' });
  });

  it('still accepts a new session in /me, prepay and orders', async () => {
    const { token, user } = await loggedIn();
    engine.findNothingAt(`ACCOUNT#${user.id}`);
    expect(await getMe(world.sessions, token)).toEqual({ user });
    engine.findNothingAt('SESSION#');
    engine.findNothingAt(`ACCOUNT#${user.id}`);
    const { order } = await buy(world.pay, { token });
    expect(await getOrder(world.pay, { token, outTradeNo: order.outTradeNo })).toMatchObject({
      order: { state: 'NOTPAY' },
    });
  });

  it('still finds a stored identity, through the failed condition of the write', async () => {
    const person = await world.phone.newPerson();
    const { user } = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    engine.findNothingAt(`IDENTITY#${ids.miniapp.appId}#${person.openIds.miniapp}`);
    const nextLogin = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    expect(nextLogin).toMatchObject({ isNewUser: false, user: { id: user.id } });
  });
});

describe('strongly consistent read', () => {
  it('is used for the session in /me and orders, so that a logout applies at once', async () => {
    const { token } = await loggedIn();
    const { order } = await buy(world.pay, { token });
    const before = engine.calls.length;
    await getMe(world.sessions, token);
    await getOrder(world.pay, { token, outTradeNo: order.outTradeNo });
    const reads = engine.calls.slice(before).filter(({ body }) => body.includes('SESSION#'));
    expect(reads.map(({ body }) => body.includes('"ConsistentRead":true'))).toEqual([true, true]);
  });
});

describe('failure of a poll', () => {
  it('allows a retry when the ticket was not collected', async () => {
    const qr = await scannedCode();
    for (let tries = 0; tries < 3; tries += 1) engine.loseAnswerOf('GetItem', 'IDENTITY#');
    await expect(poll(qr)).rejects.toThrow('requestTimeout');
    expect(await poll(qr)).toMatchObject({ status: 'registered' });
  });
});

describe('access token that WeChat rejects', () => {
  it('is replaced by a strongly consistent read', async () => {
    const owner = world.coldAccessToken();
    const tried: string[] = [];
    await owner.withToken(async (token) => {
      tried.push(token);
      if (tried.length > 1) return;
      await world.simulator.advanceClock(116 * 60_000);
      world.clock.offsetMs += 116 * 60_000;
      throw platformError('OFFICIAL', new PlatformError(40001, ''));
    });
    world.clock.offsetMs = 0;
    expect(new Set(tried).size).toBe(2);
    const reads = engine.calls.filter(({ operation, body }) => operation === 'GetItem' && body.includes('TOKEN#'));
    expect(reads.at(-1)!.body).toContain('"ConsistentRead":true');
  });
});

describe('transaction that conflicts or loses its response', () => {
  const person = async () => {
    const owner = await world.phone.newPerson();
    return { owner, ...(await loginMiniapp(world.miniapp, await world.phone.loginCode(owner))) };
  };

  it('does not fail the update of a profile', async () => {
    const { token, user } = await person();
    engine.meetTransactionAt('UpdateItem', user.id);
    const input = { nickname: '李雷' };
    expect(await updateProfile(world.miniapp, { token, input })).toMatchObject({ user: input });
  });

  it('does not fail the record of a follow', async () => {
    const { owner } = await person();
    engine.meetTransactionAt('UpdateItem', owner.openIds.official);
    const identity = { appId, openId: owner.openIds.official };
    await recordFollow(world.base, { ...identity, follows: true, atS: 1, pushId: 'p-1' });
    expect(await readIdentity(world.table, identity, 'strong')).toMatchObject({ subscribed: true });
  });

  it('does not fail a top-up', async () => {
    const { token } = await person();
    for (let i = 0; i < 2; i += 1) engine.meetTransactionAt('TransactWriteItems', 'timeExpire');
    const { order } = await buy(world.pay, { token, sku: 'top-up', amountFen: 500 });
    expect(order).toMatchObject({ state: 'NOTPAY' });
  });

  it('does not fail the login of a new user, whose js_code is spent', async () => {
    const owner = await world.phone.newPerson();
    const code = await world.phone.loginCode(owner);
    for (let i = 0; i < 2; i += 1) engine.meetTransactionAt('TransactWriteItems', owner.openIds.miniapp);
    expect(await loginMiniapp(world.miniapp, code)).toMatchObject({ isNewUser: true });
  });

  it.each([
    ['the reservation of the account id', 'UpdateItem', 'unionId'],
    ['the transaction that creates the account', 'TransactWriteItems', 'miniapp'],
  ] as const)('creates one account for a new user after the lost response to %s', async (_, operation, part) => {
    const owner = await world.phone.newPerson();
    engine.loseAnswerOf(operation, part === 'unionId' ? owner.unionId : owner.openIds.miniapp);
    const first = await loginMiniapp(world.miniapp, await world.phone.loginCode(owner));
    const second = await loginMiniapp(world.miniapp, await world.phone.loginCode(owner));
    expect(second).toMatchObject({ isNewUser: false, user: { id: first.user.id } });
  });
});
