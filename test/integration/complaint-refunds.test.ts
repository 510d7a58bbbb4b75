// Decisions of operators about refunds that buyers ask for in complaints, against the simulator.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answered } from '../../lib/complaints/answer-complaint.ts';
import { readOrder } from '../../lib/store/orders.ts';
import { createComplaintWorld, failingCalls, losingAnswers, type ComplaintWorld } from '../support/complaint-world.ts';
import { asVerified } from '../support/verified.ts';
import { REFUND_SETTLES_MS } from '../support/world.ts';

let world: ComplaintWorld;
beforeAll(async () => {
  world = await createComplaintWorld();
});
afterAll(() => world.close());

let numbers = 0;
const refundNo = () => `C${Date.now()}x${(numbers += 1)}`;
const actionsAt = async (complaintId: string) => (await world.atWechat(complaintId)).history.map(({ type }) => type);

/** Loads the function so that the answers of one kind of call are lost, also those of the repeated call. */
const losing = (end: string) => world.load(losingAnswers(world.outside.send, end, 2));
/** Loads the function so that calls of one kind never reach WeChat Pay. */
const failing = (end: string) => world.load(failingCalls(world.outside.send, end));

describe('approve-refund', () => {
  const approve = (complaintId: string, outRefundNo: string, about: object = {}) => ({
    action: 'approve-refund',
    complaintId,
    outRefundNo,
    amountFen: 1800,
    ...about,
  });

  it('refunds the only order of the complaint and approves; the money ends the complaint', async () => {
    const { complaintId, outTradeNo } = await world.complain();
    const answer = await world.operate(approve(complaintId, refundNo(), { launchRefundDay: 0 }));
    expect(answer).toMatchObject({ complaint: { state: 'PROCESSING' }, refund: { outTradeNo, status: 'PROCESSING' } });
    await world.simulator.advanceClock(REFUND_SETTLES_MS);
    expect(await readOrder(world.table, outTradeNo)).toMatchObject({ state: 'REFUNDED' });
    expect(await world.stored(complaintId)).toMatchObject({ details: { state: 'PROCESSED', isRefundedInFull: true } });
  });

  it('refunds once and approves once when it is repeated, also after the end', async () => {
    const { complaintId, outTradeNo } = await world.complain();
    const request = approve(complaintId, refundNo());
    await world.operate(request);
    await world.operate(request);
    await world.simulator.advanceClock(REFUND_SETTLES_MS);
    expect(await world.operate(request)).toMatchObject({
      complaint: { state: 'PROCESSED' },
      refund: { status: 'SUCCESS' },
    });
    expect(await world.refundsOf(outTradeNo)).toHaveLength(1);
    expect((await actionsAt(complaintId)).filter((type) => type === 'MERCHANT_APPROVE_REFUND')).toHaveLength(1);
  });

  it('sends the approval again, and no second refund, after the approval failed', async () => {
    const { complaintId, outTradeNo } = await world.complain();
    const request = approve(complaintId, refundNo());
    await expect(world.operate(request, await failing('/update-refund-progress'))).rejects.toMatchObject({
      code: 'WECHAT_UNAVAILABLE',
    });
    expect(await actionsAt(complaintId)).not.toContain('MERCHANT_APPROVE_REFUND');
    await world.operate(request);
    expect(await actionsAt(complaintId)).toContain('MERCHANT_APPROVE_REFUND');
    expect(await world.refundsOf(outTradeNo)).toHaveLength(1);
  });

  it.each(['/update-refund-progress', '/v3/refund/domestic/refunds'])('survives the lost answer of %s', async (end) => {
    const { complaintId, outTradeNo } = await world.complain();
    const request = approve(complaintId, refundNo());
    await world.operate(request, await losing(end)).catch(() => undefined);
    expect(await world.operate(request)).toMatchObject({ refund: { status: 'PROCESSING' } });
    expect(await world.refundsOf(outTradeNo)).toHaveLength(1);
    expect((await actionsAt(complaintId)).filter((type) => type === 'MERCHANT_APPROVE_REFUND')).toHaveLength(1);
  });

  it.each<[string, object, object, string, RegExp]>([
    ['asks for no refund', { refundFen: undefined }, {}, 'ORDER_STATE_CONFLICT', /does not ask for a refund/],
    [
      'names an order of another complaint',
      {},
      { outTradeNo: 'x'.repeat(32) },
      'PARAM_ERROR',
      /outTradeNo must be one of/,
    ],
    ['has too large an amount', {}, { amountFen: 1801 }, 'ORDER_STATE_CONFLICT', /exceeds/],
    ['has a malformed refund number', {}, { outRefundNo: '' }, 'PARAM_ERROR', /./],
  ])('moves no money when the request %s', async (_, about, change, code, message) => {
    const { complaintId, outTradeNo } = await world.complain(about);
    const rejected = world.operate(approve(complaintId, refundNo(), change));
    await expect(rejected).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(await world.refundsOf(outTradeNo)).toEqual([]);
    expect(await actionsAt(complaintId)).toEqual(['USER_CREATE_COMPLAINT']);
  });

  it('moves no money for a complaint that is over', async () => {
    const { complaintId, outTradeNo } = await world.complain();
    await world.operate({ action: 'reject-refund', complaintId, reason: '已发货' });
    await expect(world.operate(approve(complaintId, refundNo()))).rejects.toThrow('The complaint is over');
    expect(await world.refundsOf(outTradeNo)).toEqual([]);
  });

  it('does not approve the refund of an order of another system, which only that system can refund', async () => {
    const { complaintId } = await world.complain();
    const foreign = { outTradeNo: 'SHOP-2026-0001', transactionId: '4200000000000000000000000001', amountFen: 500 };
    const queryComplaint: typeof world.deps.queryComplaint = async (id) =>
      asVerified({ ...(await world.deps.queryComplaint(id)), orders: [foreign] });
    await expect(
      world.operate(approve(complaintId, refundNo()), { ...world.deps, queryComplaint }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await actionsAt(complaintId)).toEqual(['USER_CREATE_COMPLAINT']);
  });

  it('does not approve a refund that failed', async () => {
    const { complaintId } = await world.complain();
    const outRefundNo = refundNo();
    await world.faults('refund', 'refund-closed');
    const failed = { action: 'approve-refund', complaintId, outRefundNo, amountFen: 1800 };
    await world.operate(failed, await failing('/update-refund-progress')).catch(() => undefined);
    await world.simulator.advanceClock(REFUND_SETTLES_MS);
    await expect(world.operate(failed)).rejects.toThrow('repeat the request with a new outRefundNo');
    expect(await actionsAt(complaintId)).not.toContain('MERCHANT_APPROVE_REFUND');
    await world.operate(approve(complaintId, refundNo()));
    expect(await actionsAt(complaintId)).toContain('MERCHANT_APPROVE_REFUND');
  });
});

describe('reject-refund', () => {
  it('ends the complaint with the reason, and has no further effect when repeated', async () => {
    const { complaintId } = await world.complain();
    const request = { action: 'reject-refund', complaintId, reason: '已发货', remark: '见物流' };
    for (const operator of [await losing('/update-refund-progress'), world.deps]) {
      const { complaint } = await world.operate<Answered>(request, operator);
      expect(complaint).toMatchObject({ state: 'PROCESSED', waitingSince: null });
    }
    expect(await actionsAt(complaintId)).toEqual(['USER_CREATE_COMPLAINT', 'MERCHANT_REFUSE_RERUND']);
  });

  it('is declined for a complaint that was completed instead', async () => {
    const { complaintId } = await world.complain();
    await world.operate({ action: 'complete', complaintId });
    await expect(world.operate({ action: 'reject-refund', complaintId, reason: '已发货' })).rejects.toMatchObject({
      code: 'ORDER_STATE_CONFLICT',
    });
  });
});
