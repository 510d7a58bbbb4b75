// The writes of the flows and the store, read from the stream of a real table in the form that events-publish receives.
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TableStream } from '../../infra/local/stream/table-stream.ts';
import { eventsOf } from '../../lib/events/from-record.ts';
import { recogniseOrCreate } from '../../lib/identity/recognise.ts';
import {
  linkPhone,
  closeAndUnlinkAccount,
  mergeAccounts,
  movePhone,
  unlinkPhone,
} from '../../lib/store/account-links.ts';
import { advance } from '../../lib/shipping/progress.ts';
import { readAccount, setProfile, type Account } from '../../lib/store/accounts.ts';
import { recordDifference } from '../../lib/store/bills.ts';
import { setSubscribed } from '../../lib/store/identities.ts';
import { keys } from '../../lib/store/keys.ts';
import { claimReply, putMessage } from '../../lib/store/messages.ts';
import { markClosed, markPaid, putOrder, readOrder, type Order } from '../../lib/store/orders.ts';
import { recordMismatch, recordNotice, recordPayLimit } from '../../lib/store/pay-notices.ts';
import { writeRefund, type Refund } from '../../lib/store/refunds.ts';
import { putSceneScan } from '../../lib/store/scene-scans.ts';
import { writeShipment } from '../../lib/store/shipments.ts';
import { startEventStream } from '../support/event-stream.ts';
import { recordingLambda } from '../support/lambda-api.ts';
import { createWorld, ids, type World } from '../support/world.ts';

const AT = '2026-11-20T00:00:00.000Z';

describe('events of the table stream', () => {
  let world: World;
  let stream: TableStream;
  let lambda: Awaited<ReturnType<typeof recordingLambda>>;

  beforeAll(async () => {
    vi.spyOn(console, 'log').mockReturnValue();
    world = await createWorld();
    lambda = await recordingLambda();
    stream = await startEventStream(world, lambda);
  });
  beforeEach(() => lambda.calls.splice(0));
  afterAll(async () => {
    await stream.stop();
    lambda.close();
    await world.simulator.close();
    vi.restoreAllMocks();
  });

  const published = () => lambda.calls.flatMap(({ Records }) => Records).flatMap(eventsOf);
  /** Waits for the event `last`. @returns the names of all events that were published since the test began */
  const namesUntil = async (last: string) => {
    await vi.waitFor(() => expect(published().map(({ name }) => name)).toContain(last), { timeout: 15_000 });
    return published().map(({ name }) => name);
  };
  let userCount = 0;
  const register = async () => {
    const person = { appId: ids.official.appId, openId: `o-events-${(userCount += 1)}` };
    const { account } = await recogniseOrCreate(world.base, person);
    return { person, account };
  };
  const current = async ({ id }: Account) => (await readAccount(world.table, id, 'strong'))!;

  it('contain the registration, each new phone number and the close of an account once', async () => {
    const { account, person } = await register();
    await recogniseOrCreate(world.base, person);
    await setProfile(world.table, account.id, { nickname: 'Li' });
    for (const phone of ['+8613800006666', '+8613800006666', '+8613900007777']) {
      await linkPhone(world.table, await current(account), { phone, username: phone });
    }
    await closeAndUnlinkAccount(world.table, await current(account), AT);
    expect(await namesUntil('user.closed')).toEqual([
      'user.registered',
      'user.phone-bound',
      'user.phone-bound',
      'user.closed',
    ]);
    expect(published()[0]).toMatchObject({ data: { userId: account.id, ...person } });
    expect(new Set(published().map(({ id }) => id)).size).toBe(4);
  });

  it('contain each release of a phone number once, and none for a close', async () => {
    const [{ account: owner }, { account: taker }] = [await register(), await register()];
    const bound = { phone: '+8613800007777', username: '13800007777' };
    await linkPhone(world.table, owner, bound);
    const move = { from: await current(owner), username: 'user_moved', to: taker, bound };
    expect(await movePhone(world.table, move)).toBe(true);
    const holder = { ...(await current(taker)), phone: bound.phone };
    expect(
      await unlinkPhone(world.table, holder, { username: 'user_released', phoneRelease: { reason: 'operator' } }),
    ).toBe(true);
    await linkPhone(world.table, await current(owner), bound);
    await closeAndUnlinkAccount(world.table, await current(owner), AT);
    const names = await namesUntil('user.closed');
    expect(names.filter((name) => name !== 'user.registered').toSorted()).toEqual([
      'user.closed',
      'user.phone-bound',
      'user.phone-bound',
      'user.phone-bound',
      'user.phone-released',
      'user.phone-released',
    ]);
    const released = published().filter(({ name }) => name === 'user.phone-released');
    expect(released.map(({ data }) => data)).toEqual([
      { userId: owner.id, reason: 'taken-over', takenOverBy: taker.id },
      { userId: taker.id, reason: 'operator' },
    ]);
  });

  it('contain the merge of two accounts', async () => {
    const [{ account: into }, { account: from }] = [await register(), await register()];
    const merge = { into: await current(into), from: await current(from), unionId: 'u-events', at: AT };
    expect(await mergeAccounts(world.table, merge)).toBe(true);
    expect(await namesUntil('user.merged')).toEqual(['user.registered', 'user.registered', 'user.merged']);
    expect(published().at(-1)).toMatchObject({ data: { userId: from.id, intoUserId: into.id } });
  });

  it('contain a follow and an unfollow once, with the account of the follower', async () => {
    const { account, person } = await register();
    const follow = (pushId: string, subscribed: boolean, atS: number) =>
      setSubscribed(world.table, { ...person, subscribed, atS, pushId, arrivedAtMs: world.base.now() });
    await follow('p-1', true, 1_795_144_360);
    await follow('p-2', true, 1_795_144_361);
    await follow('p-3', false, 1_795_144_370);
    expect(await namesUntil('official-account.unsubscribed')).toEqual([
      'user.registered',
      'official-account.subscribed',
      'official-account.unsubscribed',
    ]);
    expect(published().at(-1)).toMatchObject({ data: { userId: account.id, at: '2026-11-20T03:12:50.000Z' } });
  });

  it('contain two follows and an unfollow of one second with different ids', async () => {
    const { person } = await register();
    const push = { ...person, atS: 1_795_144_360, arrivedAtMs: world.base.now() };
    await setSubscribed(world.table, { ...push, pushId: 'p-1', subscribed: true });
    await setSubscribed(world.table, { ...push, pushId: 'p-2', subscribed: false });
    await setSubscribed(world.table, { ...push, pushId: 'p-1', subscribed: true });
    await setSubscribed(world.table, { ...push, pushId: 'p-3', subscribed: true });
    await vi.waitFor(() => expect(published()).toHaveLength(4), { timeout: 15_000 });
    const prefix = `${person.appId}:${person.openId}:1795144360`;
    expect(published().map(({ id }) => id)).toEqual([
      expect.stringContaining('user.registered'),
      `official-account.subscribed:${prefix}`,
      `official-account.unsubscribed:${prefix}:2`,
      `official-account.subscribed:${prefix}:3`,
    ]);
  });

  it('contain the scan of a channel code once', async () => {
    const { appId, openId } = { appId: ids.official.appId, openId: 'o-events-scene' };
    const scan = { appId, openId, pushId: 'p-scene', scene: 'poster', follow: true, at: AT, expiresAt: 2_000_000_000 };
    expect(await putSceneScan(world.table, { ...scan, claimToken: 'a' })).toBe(true);
    expect(await putSceneScan(world.table, { ...scan, claimToken: 'b' })).toBe(false);
    expect(await namesUntil('official-account.scene-scanned')).toEqual(['official-account.scene-scanned']);
    expect(published()[0]).toMatchObject({ data: { appId, openId, scene: 'poster', follow: true, at: AT } });
    expect(published()[0]!.data).not.toHaveProperty('claimToken');
  });

  it('contain a published message and its due reply once, but no event for the sender of the reply', async () => {
    const { appId, openId } = { appId: ids.miniapp.appId, openId: 'o-events-message' };
    const content = { kind: 'text', text: '你好' };
    const message = {
      app: 'mini-program' as const,
      appId,
      openId,
      pushId: 'p-message',
      content,
      reply: '您好',
      at: AT,
    };
    const stored = { ...message, expiresAt: 2_000_000_000 };
    expect(await putMessage(world.table, { ...stored, claimToken: 'a' })).toBe(true);
    expect(await putMessage(world.table, { ...stored, claimToken: 'b' })).toBe(false);
    const claim = { appId, pushId: 'p-message', senderToken: 's', nowMs: 0 };
    expect(await claimReply(world.table, claim)).toMatchObject({ openId, reply: '您好' });
    expect(await claimReply(world.table, { ...claim, senderToken: 't' })).toBe('taken');
    await recordMismatch(world.table, { transactionId: 'last', outTradeNo: 'o', reasons: [], seenAt: AT });
    expect(await namesUntil('payment.mismatched')).toEqual([
      'mini-program.message-received',
      'mini-program.reply-due',
      'payment.mismatched',
    ]);
    expect(published()[0]!.data).toEqual({ appId, openId, at: AT, message: content });
  });

  it('contain the close, payment, failed refund and refund of an order once', async () => {
    const order: Order = {
      outTradeNo: 'k3v9x2m7q1w8z4t601jd5m2x8r4v7c9q',
      sku: 'top-up',
      description: 'Top-up',
      kind: 'wallet-topup',
      amountFen: 500,
      currency: 'CNY',
      state: 'NOTPAY',
      createdAt: AT,
      requestFingerprint: 'a',
      api: 'v3',
      tradeType: 'JSAPI',
      timeExpire: AT,
      notifyUrl: 'https://example.com/',
      mchId: ids.pay.mchId,
      appId: ids.miniapp.appId,
      refundedFen: 0,
      refundingFen: 0,
      refundCount: 0,
    };
    const { outTradeNo, appId, mchId, amountFen, currency } = order;
    const terms = { outTradeNo, appId, mchId, amountFen, currency };
    await putOrder(world.table, order, Date.now());
    await markClosed(world.table, { outTradeNo, from: ['NOTPAY'] });
    const paid = { transactionId: '42', paidAt: AT, from: ['CLOSED' as const] };
    for (let n = 0; n < 2; n += 1) await markPaid(world.table, terms, paid);
    const refund: Refund = {
      outRefundNo: 'r-events',
      outTradeNo,
      amountFen: 500,
      status: 'PROCESSING',
      source: 'API',
      createdAt: AT,
      changedAt: AT,
      refundId: '50',
    };
    let seen: Refund | undefined;
    for (const status of ['PROCESSING', 'ABNORMAL', 'SUCCESS'] as const) {
      const next = { ...refund, status, ...(status === 'SUCCESS' && { successAt: AT }) };
      const now = (await readOrder(world.table, outTradeNo))!;
      const money = { state: 'REFUNDING' as const, refundedFen: 0, refundingFen: 500, refundCount: 1 };
      await writeRefund(world.table, { order: now, refund: seen }, { refund: next, money, followUpAtMs: undefined });
      seen = next;
    }
    expect(await namesUntil('order.refunded')).toEqual([
      'order.closed',
      'order.paid',
      'order.refund-failed',
      'order.refunded',
    ]);
    expect(published()[1]).toMatchObject({ data: { outTradeNo, userId: 'k3v9x2m7q1w8z4t6', transactionId: '42' } });
  });

  it('contain a mismatched payment, an unhandled notification and a bill difference once', async () => {
    const mismatch = { transactionId: '43', outTradeNo: 'x', reasons: ['unknown order'], seenAt: AT };
    const difference = { date: '2026-11-19', kind: 'amount' as const, no: 'x', ours: 1, theirs: 2, seenAt: AT };
    const notice = { id: 'n-1', eventType: 'ODD', reason: 'event-type', content: '{}', seenAt: AT, expiresAt: 1 };
    for (let n = 0; n < 2; n += 1) {
      await recordMismatch(world.table, mismatch);
      await recordNotice(world.table, notice);
      await recordDifference(world.table, difference);
    }
    expect(await namesUntil('bill.differed')).toEqual(['payment.mismatched', 'payment.notice-stored', 'bill.differed']);
    const { seenAt: _, ...data } = difference;
    expect(published()[2]).toMatchObject({ data });
  });

  it('contain each state of a shipment once, and a notice of limited payments', async () => {
    const outTradeNo = 'k3v9x2m7q1w8z4t601jd5m2x8r4v7c9r';
    const base = { outTradeNo, sku: 'coffee', amountFen: 1_800, delivery: 'express' as const, parcels: [], paidAt: AT };
    let seen = await writeShipment(world.table, undefined, { ...base, state: 'to-ship' }, Date.now());
    for (const state of ['shipped', 'shipped', 'settled', 'settled'] as const) {
      seen = await writeShipment(world.table, seen, advance(seen!, { state, seenAt: AT }), undefined);
    }
    const limit = { appId: ids.miniapp.appId, pushId: 'p-limit', message: '', verified: true, at: AT, expiresAt: 1 };
    for (const seenAt of [AT, '2026-11-21T00:00:00.000Z']) await recordPayLimit(world.table, { ...limit, seenAt });
    const names = await namesUntil('payment.limited');
    expect(names).toEqual(['order.shipped', 'order.received', 'order.settled', 'payment.limited']);
  });

  it('cause no invocation for the item of a session', async () => {
    const { account } = await register();
    await namesUntil('user.registered');
    const before = lambda.calls.length;
    await world.table.client.send(
      new PutCommand({
        TableName: world.table.name,
        Item: { ...keys.session('s'), accountId: account.id },
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(lambda.calls).toHaveLength(before);
  });
});
