// What a real DynamoDB does now and then: answers that are lost after the write was done, and eventual reads that lag.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { getMe } from '../../lib/identity/get-me.ts';
import { recordFollow } from '../../lib/identity/following.ts';
import { updateProfile } from '../../lib/identity/update-profile.ts';
import { register } from '../../lib/identity/register.ts';
import { putCatalog } from '../../lib/pay/catalog.ts';
import { getOrder } from '../../lib/pay/get-order.ts';
import { settlePayment } from '../../lib/pay/settle.ts';
import { createOfficialQrLogin } from '../../lib/scan-login/create.ts';
import { pollQrLogin } from '../../lib/scan-login/poll.ts';
import { recordScan } from '../../lib/scan-login/record-scan.ts';
import { sceneOf } from '../../lib/scan-login/ticket.ts';
import { readIdentity } from '../../lib/store/identities.ts';
import { AppError } from '../../lib/core/errors.ts';
import { platformError, PlatformError } from '../../lib/wechat/platform-error.ts';
import { asVerified } from '../support/verified.ts';
import { unsteadyEngine } from '../support/unsteady-engine.ts';
import { buy } from '../support/buyers.ts';
import { createWorld, ids, type World } from '../support/world.ts';

const { appId } = ids.official;

let engine: Awaited<ReturnType<typeof unsteadyEngine>>;
let world: World;
beforeAll(async () => {
  engine = await unsteadyEngine();
  world = await createWorld({ via: engine.before });
  await putCatalog(world.base, { items: [{ sku: 'coffee', description: 'Coffee', kind: 'goods', unitFen: 1800 }] });
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
  const token = await world.sessions.tokens.signRegistration({ appId, openId: openIds.official });
  await register(world.sessions, token);
  const qr = await createOfficialQrLogin(world.official);
  await recordScan(world.base, { appId, openId: openIds.official, scene: sceneOf(qr.ticket) });
  return qr;
};

describe('a write whose answer was lost is recognised when the SDK sends it again', () => {
  it('collecting a ticket: the only poller gets the success', async () => {
    const qr = await scannedCode();
    engine.loseAnswerOf('UpdateItem', qr.ticket);
    expect(await poll(qr)).toMatchObject({ status: 'registered' });
  });

  it('taking the lease of the access token: the owner asks WeChat, once', async () => {
    await world.official.accessToken.withToken(async (token) => token);
    world.clock.offsetMs = 116 * 60_000;
    await world.simulator.advanceClock(116 * 60_000);
    const before = await world.calls('/cgi-bin/stable_token');
    engine.loseAnswerOf('UpdateItem', 'leaseUntilMs');
    await expect(world.coldAccessToken().withToken(async (token) => token)).resolves.toBeTypeOf('string');
    expect((await world.calls('/cgi-bin/stable_token')) - before).toBe(1);
    world.clock.offsetMs = 0;
  });

  it('placing an order: the buyer pays the order that was stored', async () => {
    const { token } = await loggedIn();
    engine.loseAnswerOf('PutItem', 'timeExpire');
    expect(await buy(world.pay, { token })).toMatchObject({ order: { state: 'NOTPAY' } });
  });

  it('recording a mismatch: the first sight is told', async () => {
    engine.loseAnswerOf('PutItem', 'MISMATCH#lost-answer');
    const payment = { transactionId: 'lost-answer', paidAt: '2026-11-20T00:00:00.000Z', amountFen: 1, currency: 'CNY' };
    const transaction = { appId, mchId: '1', outTradeNo: 'unknown', tradeState: 'SUCCESS', payment };
    await expect(settlePayment(world.base, asVerified(transaction))).rejects.toBeInstanceOf(AppError);
    expect(
      world.lines.filter((line) => line.includes('"payment.mismatched"') && line.includes('lost-answer')),
    ).toHaveLength(1);
  });
});

describe('an eventual read that finds nothing yet is not the last word', () => {
  it('the first poll after the code was made is pending', async () => {
    const qr = await createOfficialQrLogin(world.official);
    engine.findNothingAt(qr.ticket);
    expect(await poll(qr)).toEqual({ status: 'pending' });
  });

  it('a session works at once: /me, prepay and orders', async () => {
    const { token, user } = await loggedIn();
    engine.findNothingAt(`ACCOUNT#${user.id}`);
    expect(await getMe(world.sessions, token)).toEqual({ user });
    engine.findNothingAt('SESSION#');
    const { order } = await buy(world.pay, { token });
    expect(await getOrder(world.pay, { token, outTradeNo: order.outTradeNo })).toMatchObject({
      order: { state: 'NOTPAY' },
    });
  });

  it('a person whose identity lags is found by the write that it refuses', async () => {
    const person = await world.phone.newPerson();
    const { user } = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    engine.findNothingAt(`IDENTITY#${ids.miniapp.appId}#${person.openIds.miniapp}`);
    const again = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    expect(again).toMatchObject({ isNewUser: false, user: { id: user.id } });
  });
});

describe('a logout counts at once', () => {
  it('/me and orders read the session strongly', async () => {
    const { token } = await loggedIn();
    const { order } = await buy(world.pay, { token });
    const before = engine.calls.length;
    await getMe(world.sessions, token);
    await getOrder(world.pay, { token, outTradeNo: order.outTradeNo });
    const reads = engine.calls.slice(before).filter(({ body }) => body.includes('SESSION#'));
    expect(reads.map(({ body }) => body.includes('"ConsistentRead":true'))).toEqual([true, true]);
  });
});

describe('what fails on the way costs nobody a login', () => {
  it('a poll that fails before it collects may be made again', async () => {
    const qr = await scannedCode();
    for (let tries = 0; tries < 3; tries += 1) engine.loseAnswerOf('GetItem', 'IDENTITY#');
    await expect(poll(qr)).rejects.toThrow('requestTimeout');
    expect(await poll(qr)).toMatchObject({ status: 'registered' });
  });
});

describe('a refused access token', () => {
  it('is not taken from a lagging read again', async () => {
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

describe('what meets a transaction on the same item is written all the same', () => {
  const person = async () => {
    const owner = await world.phone.newPerson();
    return { owner, ...(await loginMiniapp(world.miniapp, await world.phone.loginCode(owner))) };
  };

  it('a profile', async () => {
    const { token, user } = await person();
    engine.meetTransactionAt('UpdateItem', user.id);
    const input = { nickname: '李雷' };
    expect(await updateProfile(world.miniapp, { token, input })).toMatchObject({ user: input });
  });

  it('a follow', async () => {
    const { owner } = await person();
    engine.meetTransactionAt('UpdateItem', owner.openIds.official);
    const who = { appId, openId: owner.openIds.official };
    await recordFollow(world.base, { ...who, follows: true, atS: 1 });
    expect(await readIdentity(world.table, who, 'strong')).toMatchObject({ subscribed: true });
  });

  it('a new account, whose code is spent by then', async () => {
    const owner = await world.phone.newPerson();
    const code = await world.phone.loginCode(owner);
    for (let i = 0; i < 2; i += 1) engine.meetTransactionAt('TransactWriteItems', owner.openIds.miniapp);
    expect(await loginMiniapp(world.miniapp, code)).toMatchObject({ isNewUser: true });
  });

  it('a new account, when the answer was lost', async () => {
    const owner = await world.phone.newPerson();
    engine.loseAnswerOf('TransactWriteItems', owner.openIds.miniapp);
    const first = await loginMiniapp(world.miniapp, await world.phone.loginCode(owner));
    const second = await loginMiniapp(world.miniapp, await world.phone.loginCode(owner));
    expect(second).toMatchObject({ isNewUser: false, user: { id: first.user.id } });
  });
});
