import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { randomBytes } from 'node:crypto';
import { conflictPauses } from '../../lib/core/conflict-pauses.ts';
import { runtime } from '../../lib/core/runtime.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventsOf } from '../../lib/events/from-record.ts';
import type { DomainEvent } from '../../lib/events/schemas.ts';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { mergeAccounts } from '../../lib/store/account-links.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { keys } from '../../lib/store/keys.ts';
import { putOrder, type Order } from '../../lib/store/orders.ts';
import { putReportedRefund, type Refund } from '../../lib/store/refunds.ts';
import { creditTopUp, takeBackTopUp } from '../../lib/wallet/book.ts';
import { getWallet } from '../../lib/wallet/get-wallet.ts';
import { recordOf } from '../support/stream-records.ts';
import { unsteadyEngine } from '../support/unsteady-engine.ts';
import { createWorld, type World } from '../support/world.ts';

const PAID_AT = '2026-11-20T00:00:00.000Z';

describe('wallet', () => {
  let world: World;
  let engine: Awaited<ReturnType<typeof unsteadyEngine>>;
  beforeAll(async () => {
    engine = await unsteadyEngine();
    world = await createWorld({ via: engine.before });
  });
  afterAll(async () => {
    await world.simulator.close();
    engine.close();
  });

  const loggedIn = async () => loginMiniapp(world.miniapp, await world.phone.loginCode(await world.phone.newPerson()));
  const balanceOf = async (token: string) => (await getWallet(world.sessions, token)).balanceFen;

  /** Stores a paid top-up order. @returns the order.paid event of the order */
  const topUp = async (userId: string, change: Partial<Order> = {}, stored: 'paid' | 'open' = 'paid') => {
    const open = {
      outTradeNo: userId + randomBytes(8).toString('hex'),
      sku: 'top-up',
      kind: 'wallet-topup',
      amountFen: 500,
      currency: 'CNY',
      state: 'NOTPAY',
      ...change,
    } as Order;
    const paid: Order = { ...open, state: 'PAID', transactionId: '42', paidAt: PAID_AT };
    await putOrder(world.table, stored === 'paid' ? paid : open, Date.now());
    return eventsOf(recordOf(keys.order(open.outTradeNo), open, paid))[0] as DomainEvent<'order.paid'>;
  };
  /** Stores a refund. @returns the order.refunded event of the refund */
  const refundOf = async (
    { data: { outTradeNo } }: DomainEvent<'order.paid'>,
    outRefundNo: string,
    amountFen: number,
    status: Refund['status'] = 'SUCCESS',
  ) => {
    const refund: Refund = {
      outRefundNo,
      outTradeNo,
      amountFen,
      status: 'SUCCESS',
      source: 'API',
      createdAt: PAID_AT,
      changedAt: PAID_AT,
      refundId: '50',
      successAt: PAID_AT,
    };
    await putReportedRefund(world.table, { ...refund, status }, Date.now());
    return eventsOf(recordOf(keys.refund(outRefundNo), undefined, refund))[0] as DomainEvent<'order.refunded'>;
  };
  const entriesOf = async (userId: string) => {
    const { Items = [] } = await world.table.client.send(
      new ScanCommand({
        TableName: world.table.name,
        FilterExpression: 'pk = :pk AND begins_with(sk, :entry)',
        ExpressionAttributeValues: { ':pk': keys.wallet(userId).pk, ':entry': keys.walletEntry(userId, '').sk },
        ConsistentRead: true,
      }),
    );
    return Items;
  };

  it('is empty before the first top-up', async () => {
    const { token } = await loggedIn();
    expect(await getWallet(world.sessions, token)).toEqual({ balanceFen: 0 });
  });

  it('contains a top-up once after fifty concurrent events', async () => {
    const { token, user } = await loggedIn();
    const event = await topUp(user.id);
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => creditTopUp(world.base, event)));
    // An event with too many version conflicts fails, and Lambda retries it.
    expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true);
    await creditTopUp(world.base, event);
    expect(await balanceOf(token)).toBe(500);
    expect(await entriesOf(user.id)).toEqual([
      expect.objectContaining({ outTradeNo: event.data.outTradeNo, amountFen: 500, at: PAID_AT }),
    ]);
  });

  it('contains the sum of concurrent top-ups', async () => {
    const { token, user } = await loggedIn();
    const events = [await topUp(user.id), await topUp(user.id, { amountFen: 700 }), await topUp(user.id)];
    await Promise.all(events.map((event) => creditTopUp(world.base, event)));
    expect(await balanceOf(token)).toBe(1_700);
  });

  it('contains a top-up once after a lost response', async () => {
    const { token, user } = await loggedIn();
    const event = await topUp(user.id);
    engine.loseAnswerOf('TransactWriteItems', event.data.outTradeNo);
    await creditTopUp(world.base, event);
    expect(await balanceOf(token)).toBe(500);
  });

  it('contains neither entry nor balance of a failed write, and both after the retry', async () => {
    const { token, user } = await loggedIn();
    const event = await topUp(user.id);
    // One conflict for each attempt of the store.
    for (const _ of conflictPauses(runtime)) engine.meetTransactionAt('TransactWriteItems', event.data.outTradeNo);
    await expect(creditTopUp(world.base, event)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect([await balanceOf(token), await entriesOf(user.id)]).toEqual([0, []]);
    await creditTopUp(world.base, event);
    expect([await balanceOf(token), (await entriesOf(user.id)).length]).toEqual([500, 1]);
  });

  it('loses the amount of each refund once', async () => {
    const { token, user } = await loggedIn();
    const paid = await topUp(user.id);
    await creditTopUp(world.base, paid);
    const first = await refundOf(paid, `a-${user.id}`, 200);
    for (const event of [first, first, await refundOf(paid, `b-${user.id}`, 100), first]) {
      await takeBackTopUp(world.base, event);
    }
    expect(await balanceOf(token)).toBe(200);
  });

  it('goes below zero when a refund is booked before its top-up, and back to zero', async () => {
    const { token, user } = await loggedIn();
    const paid = await topUp(user.id);
    await takeBackTopUp(world.base, await refundOf(paid, `c-${user.id}`, 500));
    expect(await balanceOf(token)).toBe(-500);
    await creditTopUp(world.base, paid);
    expect(await balanceOf(token)).toBe(0);
  });

  it('books an order and a refund with the same number', async () => {
    const { token, user } = await loggedIn();
    const paid = await topUp(user.id);
    await creditTopUp(world.base, paid);
    await takeBackTopUp(world.base, await refundOf(paid, paid.data.outTradeNo, 500));
    expect(await balanceOf(token)).toBe(0);
  });

  it('ignores a coffee that is paid and refunded', async () => {
    const { token, user } = await loggedIn();
    const coffee = await topUp(user.id, { sku: 'coffee', kind: 'goods' });
    await creditTopUp(world.base, coffee);
    await takeBackTopUp(world.base, await refundOf(coffee, `d-${user.id}`, 500));
    expect([await balanceOf(token), await entriesOf(user.id)]).toEqual([0, []]);
  });

  it.each(['CREATED', 'NOTPAY', 'CLOSED'] as const)(
    'rejects the payment of an order that is %s in the ledger, so that the event is kept',
    async (state) => {
      const { token, user } = await loggedIn();
      const forged = await topUp(user.id, { state }, 'open');
      await expect(creditTopUp(world.base, forged)).rejects.toThrow('not paid');
      expect([await balanceOf(token), await entriesOf(user.id)]).toEqual([0, []]);
    },
  );

  it('rejects the payment of an unknown order, so that the event is kept', async () => {
    const { token, user } = await loggedIn();
    const forged = await topUp(user.id);
    forged.data.outTradeNo = user.id + '0'.repeat(16);
    await expect(creditTopUp(world.base, forged)).rejects.toThrow('does not exist');
    expect(await balanceOf(token)).toBe(0);
  });

  it('credits the amount, the owner and the time of the order, whatever the event contains', async () => {
    const [buyer, other] = [await loggedIn(), await loggedIn()];
    const event = await topUp(buyer.user.id, { state: 'PAID' });
    Object.assign(event.data, { userId: other.user.id, amountFen: 1_000_000, paidAt: '2020-01-01T00:00:00.000Z' });
    await creditTopUp(world.base, event);
    expect([await balanceOf(buyer.token), await balanceOf(other.token)]).toEqual([500, 0]);
    expect(await entriesOf(buyer.user.id)).toEqual([expect.objectContaining({ amountFen: 500, at: PAID_AT })]);
  });

  it('credits no goods whose event has the kind of a top-up', async () => {
    const { token, user } = await loggedIn();
    const coffee = await topUp(user.id, { sku: 'coffee', kind: 'goods' });
    coffee.data.kind = 'wallet-topup';
    await creditTopUp(world.base, coffee);
    expect(await balanceOf(token)).toBe(0);
  });

  it('takes back the amount of the refund in the ledger, whatever the event contains', async () => {
    const [buyer, other] = [await loggedIn(), await loggedIn()];
    const paid = await topUp(buyer.user.id);
    await creditTopUp(world.base, paid);
    const event = await refundOf(paid, `f-${buyer.user.id}`, 200);
    Object.assign(event.data, {
      userId: other.user.id,
      amountFen: 500,
      outTradeNo: (await topUp(other.user.id)).data.outTradeNo,
    });
    await takeBackTopUp(world.base, event);
    expect([await balanceOf(buyer.token), await balanceOf(other.token)]).toEqual([300, 0]);
  });

  it.each(['REPORTED', 'PROCESSING', 'ABNORMAL', 'CLOSED'] as const)(
    'rejects the success of a refund that is %s in the ledger, so that the event is kept',
    async (status) => {
      const { token, user } = await loggedIn();
      const paid = await topUp(user.id);
      await creditTopUp(world.base, paid);
      const forged = await refundOf(paid, `${status}-${user.id}`, 200, status);
      await expect(takeBackTopUp(world.base, forged)).rejects.toThrow('not SUCCESS');
      expect(await balanceOf(token)).toBe(500);
    },
  );

  it('rejects an unknown refund and the refund of an unknown order, so that the events are kept', async () => {
    const { user } = await loggedIn();
    const paid = await topUp(user.id);
    const unknown = await refundOf(paid, `g-${user.id}`, 500);
    unknown.data.outRefundNo = `h-${user.id}`;
    await expect(takeBackTopUp(world.base, unknown)).rejects.toThrow('is unknown');
    paid.data.outTradeNo = 'x'.repeat(32);
    const stray = await refundOf(paid, `e-${user.id}`, 500);
    await expect(takeBackTopUp(world.base, stray)).rejects.toThrow('does not exist');
  });

  it('is the sum of the wallets of merged accounts', async () => {
    const [kept, gone] = [await loggedIn(), await loggedIn()];
    await creditTopUp(world.base, await topUp(kept.user.id));
    const before = await topUp(gone.user.id, { amountFen: 300 });
    const after = await topUp(gone.user.id, { amountFen: 40 });
    await creditTopUp(world.base, before);
    const [into, from] = (await Promise.all(
      [kept, gone].map(({ user }) => readAccount(world.table, user.id, 'strong')),
    )) as [NonNullable<Awaited<ReturnType<typeof readAccount>>>, NonNullable<Awaited<ReturnType<typeof readAccount>>>];
    expect(await mergeAccounts(world.table, { into, from, unionId: 'u-wallet', at: PAID_AT })).toBe(true);
    // The number of an order contains the account that placed it, and the event of the order names that account.
    await creditTopUp(world.base, after);
    expect([await balanceOf(kept.token), await balanceOf(gone.token)]).toEqual([840, 840]);
  });

  it('rejects a request without a valid session', async () => {
    await expect(getWallet(world.sessions, 'a.b.c')).rejects.toThrow(
      expect.objectContaining({ code: 'UNAUTHENTICATED' }),
    );
  });
});
