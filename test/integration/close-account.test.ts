import { PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bindPhone } from '../../lib/identity/bind-phone.ts';
import { closeAccount } from '../../lib/identity/close-account.ts';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { getMe } from '../../lib/identity/get-me.ts';
import { openSession, randomSessionId } from '../../lib/identity/open-session.ts';
import { updateProfile } from '../../lib/identity/update-profile.ts';
import { recogniseOrCreate } from '../../lib/identity/recognise.ts';
import { getOrder } from '../../lib/pay/get-order.ts';
import { sweep } from '../../lib/pay/sweep.ts';
import { bookEntry, creditId } from '../../lib/store/wallets.ts';
import { readAccount, readMerges } from '../../lib/store/accounts.ts';
import { keys, orderTime } from '../../lib/store/keys.ts';
import { orderPages } from '../../lib/store/order-lists.ts';
import { markClosed, readOrder, type Order } from '../../lib/store/orders.ts';
import { buy, createBuyers, transactionFor } from '../support/buyers.ts';
import { createWorld, ids, type World } from '../support/world.ts';

const MINUTE_MS = 60_000;

describe('closeAccount', () => {
  let world: World;
  let buyers: Awaited<ReturnType<typeof createBuyers>>;
  beforeAll(async () => {
    world = await createWorld();
    buyers = await createBuyers(world);
  });
  afterAll(() => world.simulator.close());

  const close = (token: string) => closeAccount(world.closing, token);
  /** Logs a user in and stores paid orders of the last year. */
  const manyOrders = async (count: number) => {
    const buyer = await buyers.loggedIn();
    const { order } = await buy(world.pay, { token: buyer.token });
    await buyers.settle(transactionFor(order.outTradeNo));
    const paid = (await readOrder(world.table, order.outTradeNo))!;
    const write = async (number: number) => {
      const atMs = world.base.now() - (number + 1) * 8 * 3_600_000;
      const outTradeNo = `${buyer.user.id}${orderTime(atMs)}${String(number).padStart(8, '0')}`;
      const {
        followUpPk: _,
        followUpSk: __,
        paidPk: ___,
        paidSk: ____,
        ...rest
      } = paid as Order & Record<string, unknown>;
      const Item = { ...rest, ...keys.order(outTradeNo), outTradeNo, createdAt: new Date(atMs).toISOString() };
      await world.table.client.send(new PutCommand({ TableName: world.table.name, Item }));
    };
    for (let number = 1; number < count; number += 50) {
      await Promise.all(Array.from({ length: Math.min(50, count - number) }, (_, index) => write(number + index)));
    }
    return buyer;
  };
  /** Counts the queries of order pages during `work`. */
  const queriesOf = async (work: () => Promise<unknown>) => {
    const sent = vi.spyOn(world.table.client, 'send');
    await work();
    const queries = sent.mock.calls.filter(([{ input }]) => 'KeyConditionExpression' in input).length;
    sent.mockRestore();
    return queries;
  };
  const withPayer = async (accountId: string) => {
    let count = 0;
    for await (const orders of orderPages(world.table, accountId)) {
      count += orders.filter(({ openId }) => openId !== undefined).length;
    }
    return count;
  };
  const tableText = async () =>
    JSON.stringify((await world.table.client.send(new ScanCommand({ TableName: world.table.name }))).Items);

  it('frees openids, unionid and phone number, erases personal data, and ends every session', async () => {
    const person = await world.phone.newPerson({ phone: '13911112222' });
    const first = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    const official = { appId: ids.official.appId, openId: person.openIds.official, unionId: person.unionId };
    await recogniseOrCreate(world.base, official);
    await updateProfile(world.miniapp, { token: first.token, input: { nickname: '将要注销的人' } });
    const { code } = (await world.phone.act(person, 'phone-code')) as { code: string };
    const bound = await bindPhone(world.miniapp, { token: first.token, proof: { code } });
    const other = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));

    await close(other.token);
    for (const { token } of [first, bound, other]) {
      await expect(getMe(world.sessions, token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
    const remaining = await tableText();
    for (const trace of ['13911112222', '将要注销的人', person.unionId, 'IDENTITY#', person.openIds.official]) {
      expect(remaining).not.toContain(trace);
    }

    const again = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    expect(again).toMatchObject({ isNewUser: true });
    expect(again.user.id).not.toBe(first.user.id);
    const secondCode = ((await world.phone.act(person, 'phone-code')) as { code: string }).code;
    const rebound = await bindPhone(world.miniapp, { token: again.token, proof: { code: secondCode } });
    expect(rebound.user.username).toBe('139****2222');
  });

  it('removes openid and unionid from the record of a merge', async () => {
    await world.bindOpenPlatform();
    const person = await world.phone.newPerson();
    await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    const official = { appId: ids.official.appId, openId: person.openIds.official };
    await recogniseOrCreate(world.base, { ...official, unionId: person.unionId });
    await world.bindOpenPlatform('miniapp', 'official');
    const { token, user } = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    expect(await readMerges(world.table, user.id)).toMatchObject([{ unionId: person.unionId }]);
    await close(token);
    expect(await readMerges(world.table, user.id)).toHaveLength(1);
    const remaining = await tableText();
    for (const trace of [person.unionId, person.openIds.official]) expect(remaining).not.toContain(trace);
  });

  it('rejects the close until the sweep has queried an expired order, which may be paid', async () => {
    const { person, order } = await buyers.newOrder();
    world.clock.offsetMs = 3 * 3_600_000;
    const { token } = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    await expect(close(token)).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT' });
    await sweep(world.pay);
    await close(token);
    world.clock.offsetMs = 0;
    expect(await readOrder(world.table, order.outTradeNo)).toMatchObject({ state: 'CLOSED' });
  });

  it('rejects the close while the wallet holds money or a top-up is not credited', async () => {
    const { token, user, outTradeNo } = await buyers.paidOrder({ sku: 'top-up', amountFen: 500 });
    await expect(close(token)).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT', detail: { outTradeNo } });
    const entry = { accountId: user.id, outTradeNo, at: '2026-11-20T00:00:00.000Z' };
    await bookEntry(world.table, { ...entry, id: creditId(outTradeNo), amountFen: 500 });
    await expect(close(token)).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT', detail: { balanceFen: 500 } });
    await bookEntry(world.table, { ...entry, id: 'refund:r', amountFen: -500 });
    await close(token);
  });

  it('erases the IP address of the buyer from an order of another app', async () => {
    const { token } = await buyers.loggedIn();
    const { appId } = ids.official;
    const { order } = await buy(world.pay, { token, tradeType: 'H5', appId });
    expect(await readOrder(world.table, order.outTradeNo)).toHaveProperty('clientIp');
    await markClosed(world.table, { outTradeNo: order.outTradeNo, from: ['NOTPAY'] });
    await close(token);
    expect(await readOrder(world.table, order.outTradeNo)).not.toHaveProperty('clientIp');
  });

  it('can be retried after a failure to erase an order', async () => {
    const { token, outTradeNo } = await buyers.paidOrder();
    const send = world.table.client.send.bind(world.table.client) as (command: unknown) => Promise<never>;
    const failing = vi.spyOn(world.table.client, 'send').mockImplementation((command) => {
      const { UpdateExpression } = command.input as { UpdateExpression?: string };
      if (UpdateExpression?.includes('clientIp')) throw new Error('throttled');
      return send(command);
    });
    await expect(close(token)).rejects.toThrow('throttled');
    failing.mockRestore();
    await close(token);
    expect(await readOrder(world.table, outTradeNo)).not.toHaveProperty('openId');
    await expect(getMe(world.sessions, token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('rejects a top-up by the session of another device after the close', async () => {
    const { person, token } = await buyers.loggedIn();
    const other = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    await close(token);
    const call = buy(world.pay, { token: other.token, sku: 'top-up', amountFen: 500 });
    await expect(call).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('resets the session key at WeChat, and succeeds when the reset fails', async () => {
    const path = '/wxa/resetusersessionkey';
    const before = await world.calls(path);
    await close((await buyers.loggedIn()).token);
    expect((await world.calls(path)) - before).toBe(1);
    await world.faults(path, '5xx');
    await close((await buyers.loggedIn()).token);
  });

  it('rejects the close while an order may still be paid', async () => {
    const { token, order } = await buyers.newOrder();
    await expect(close(token)).rejects.toMatchObject({
      code: 'ORDER_STATE_CONFLICT',
      detail: { outTradeNo: order.outTradeNo, state: 'NOTPAY' },
    });
    await expect(getMe(world.sessions, token)).resolves.toBeDefined();
    await markClosed(world.table, { outTradeNo: order.outTradeNo, from: ['NOTPAY'] });
    await close(token);
  });

  it('needs a login within ten minutes, and a renewed token keeps the time of its login', async () => {
    const { person, user, token } = await buyers.loggedIn();
    const loginAtMs = world.base.now();
    const account = (await readAccount(world.table, user.id, 'strong'))!;
    const seen = { appId: ids.miniapp.appId, openId: person.openIds.miniapp, isNewUser: false };
    world.clock.offsetMs = 9 * MINUTE_MS;
    const renewed = await openSession(world.sessions, account, {
      ...seen,
      sid: randomSessionId(world.base),
      loginAtMs,
    });
    const later = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    world.clock.offsetMs = 11 * MINUTE_MS;
    for (const old of [token, renewed.token]) {
      await expect(close(old)).rejects.toMatchObject({ code: 'FRESH_LOGIN_REQUIRED' });
      await expect(getMe(world.sessions, old)).resolves.toBeDefined();
    }
    await close(later.token);
    world.clock.offsetMs = 0;
    await expect(getMe(world.sessions, token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('reads one page of orders to reject the close of an account with many orders', async () => {
    const { token, user } = await manyOrders(350);
    await buy(world.pay, { token });
    const queries = await queriesOf(() =>
      expect(close(token)).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT', detail: { state: 'NOTPAY' } }),
    );
    expect(queries).toBe(1);
    expect(await withPayer(user.id)).toBe(351);
  });

  it('reads hundreds of settled orders once, and erases every payer', async () => {
    const { token, user } = await manyOrders(350);
    // Four pages before the close, one page after it, the records of merges, and the uploads before and after it.
    expect(await queriesOf(() => close(token))).toBe(8);
    expect(await withPayer(user.id)).toBe(0);
  });

  it('keeps paid orders without their payer', async () => {
    const { token, order } = await buyers.newOrder();
    await buyers.settle(transactionFor(order.outTradeNo));
    await close(token);
    const kept = (await readOrder(world.table, order.outTradeNo))!;
    expect(kept).toMatchObject({ state: 'PAID', amountFen: 1_800 });
    expect(kept.openId).toBeUndefined();
    const { outTradeNo } = order;
    await expect(getOrder(world.pay, { token, outTradeNo })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('leaves one closed account and one new account when the user logs in concurrently', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { person, token, user } = await buyers.loggedIn();
      const code = await world.phone.loginCode(person);
      const [, seen] = await Promise.all([close(token), loginMiniapp(world.miniapp, code)]);
      const last = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
      expect(last.user.id).not.toBe(user.id);
      const currentUserId = await getMe(world.sessions, seen.token).then(
        ({ user: seenNow }) => seenNow.id,
        () => 'rejected',
      );
      expect(currentUserId).toBe(seen.user.id === user.id ? 'rejected' : last.user.id);
    }
  });
});
