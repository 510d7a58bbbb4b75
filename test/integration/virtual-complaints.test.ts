// Complaints about virtual goods: from the push to the stored complaint, its event, and the answers of operators.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TableStream } from '../../infra/local/stream/table-stream.ts';
import type { Answered } from '../../lib/complaints/answer-complaint.ts';
import { operateComplaints } from '../../lib/complaints/operate.ts';
import type { ListedComplaints, ShownComplaint } from '../../lib/complaints/show-complaints.ts';
import { sweepComplaints } from '../../lib/complaints/sweep-complaints.ts';
import { takeListedComplaints } from '../../lib/complaints/take-listed-complaints.ts';
import { readComplaint } from '../../lib/store/complaints.ts';
import { eventsOf } from '../../lib/events/from-record.ts';
import { loadComplaints, loadComplaintSweep } from '../../lib/wiring/complaints.ts';
import { startEventStream } from '../support/event-stream.ts';
import { recordingLambda } from '../support/lambda-api.ts';
import { withMetrics } from '../support/metrics.ts';
import { codeOf, createVirtualPushWorld, type VirtualPushWorld } from '../support/virtual-push-world.ts';
import { ids } from '../support/world.ts';

const DAY_MS = 86_400_000;
const WORDS = '充值没有到账，请处理';
const PHONE = '13580006666';

let world: VirtualPushWorld;
let stream: TableStream;
let lambda: Awaited<ReturnType<typeof recordingLambda>>;
beforeAll(async () => {
  world = await createVirtualPushWorld();
  lambda = await recordingLambda();
  stream = await startEventStream(world, lambda);
});
afterEach(() => world.wechat.calm());
afterAll(async () => {
  await stream.stop();
  lambda.close();
  await world.close();
});

const stored = (complaintId: string) => readComplaint(world.table, complaintId, 'strong');
/** Pays an order, and complains about it. */
const complain = async () => {
  const order = await world.paysOrder();
  const filed = await world.wechat.complain(order.person, order.outTradeNo, WORDS, {
    phone: PHONE,
    refundFen: 600,
  });
  return { ...order, ...filed };
};
const operate = async <Answer = Answered>(input: object) =>
  (await operateComplaints(await loadComplaints(world.outside), input)) as Answer;
const atWechat = async (complaintId: string) =>
  (await world.wechat.show()).complaints.find((complaint) => complaint.complaintId === complaintId)!;
const eventsAbout = (id: string) =>
  lambda.calls
    .flatMap(({ Records }) => Records)
    .flatMap(eventsOf)
    .filter(({ name, data }) => name === 'payment.complained' && (data as { complaintId: string }).complaintId === id);

describe('the push of a complaint', () => {
  it('stores the complaint with our number of the order, and publishes one event', async () => {
    const { complaintId, push, outTradeNo, transactionId, user } = await complain();
    expect(codeOf(push)).toBe(0);
    const complaint = (await stored(complaintId))!;
    expect(complaint).toMatchObject({
      api: 'virtual',
      ownOrderNos: [outTradeNo],
      details: {
        state: 'PENDING',
        mchId: ids.virtual.offerId,
        orders: [{ outTradeNo, transactionId, amountFen: 600 }],
        refundFen: 600,
      },
    });
    expect(complaint.waitingSince).toBe(complaint.details!.complainedAt);
    await world.pushed({ Event: 'xpay_complaint_notify', MchOrderId: outTradeNo, WxOrderId: 'VPO1' });
    await expect.poll(() => eventsAbout(complaintId), { timeout: 15_000 }).toHaveLength(1);
    expect(eventsAbout(complaintId)[0]!.data).toMatchObject({ outTradeNo, userId: user.id, refundFen: 600 });
  });

  it('is repeated while WeChat does not return the list, and until the list has the complaint', async () => {
    await world.wechat.errcode('get_complaint_list', 268490015, 1);
    const { complaintId, push } = await complain();
    expect(codeOf(push)).toBe(1);
    expect(await stored(complaintId)).toBeUndefined();
    await world.simulator.advanceClock(2_000);
    expect(await stored(complaintId)).toMatchObject({ details: { state: 'PENDING' } });
    expect(await world.pushed({ Event: 'xpay_complaint_notify', MchOrderId: '0'.repeat(32), WxOrderId: 'VPO1' })).toBe(
      1,
    );
  });

  it('is repeated while WeChat does not return the details', async () => {
    await world.wechat.errcode('get_complaint_detail', 268490015, 1);
    const { complaintId, push } = await complain();
    expect(codeOf(push)).toBe(1);
    await world.simulator.advanceClock(2_000);
    expect(await stored(complaintId)).toMatchObject({ details: { state: 'PENDING' } });
  });

  it('is repeated while WeChat declines the details', async () => {
    await world.wechat.errcode('get_complaint_detail', 268490002, 1);
    const { complaintId, push } = await complain();
    expect(codeOf(push)).toBe(1);
    await world.simulator.advanceClock(2_000);
    expect(await stored(complaintId)).toMatchObject({ details: { state: 'PENDING' } });
  });

  it('reads the list up to its own complaint, because WeChat waits', async () => {
    const pages: number[] = [];
    const { virtual } = await loadComplaintSweep(world.outside);
    const { complaintId, outTradeNo } = await complain();
    const listComplaints: NonNullable<typeof virtual>['listComplaints'] = async ({ offset = 0, ...days }) => {
      pages.push(offset);
      return { ...(await virtual!.listComplaints(days)), ...(offset < 200 && { nextOffset: offset + 50 }) };
    };
    const taken = takeListedComplaints({ ...virtual!, listComplaints }, { wxOrderId: 'VPO1', mchOrderId: outTradeNo });
    expect(await taken).toBe(true);
    expect(pages).toEqual([0]);
    expect(await stored(complaintId)).toBeDefined();
  });

  it('stores a complaint once when it arrives five times at once', async () => {
    const order = await world.paysOrder();
    await world.wechat.plan({ target: 'virtual-push', action: 'no-push' });
    const { complaintId } = await world.wechat.complain(order.person, order.outTradeNo, WORDS);
    const push = { Event: 'xpay_complaint_notify', MchOrderId: order.outTradeNo, WxOrderId: 'VPO1' };
    const codes = await Promise.all(Array.from({ length: 5 }, () => world.pushed(push)));
    expect(codes).toContain(0);
    expect(await stored(complaintId)).toMatchObject({ details: { state: 'PENDING' } });
    await expect.poll(() => eventsAbout(complaintId).length, { timeout: 15_000 }).toBe(1);
  });
});

describe('the sweep of complaints', () => {
  it('finds a complaint whose push was lost, once a day, and counts it while it waits', async () => {
    const sweep = async () =>
      withMetrics(async () => {
        const { virtual } = await loadComplaintSweep(world.outside);
        return sweepComplaints({ virtual: virtual! });
      });
    await sweep();
    const order = await world.paysOrder();
    await world.wechat.plan({ target: 'virtual-push', action: 'no-push' });
    const { complaintId } = await world.wechat.complain(order.person, order.outTradeNo, WORDS);
    await sweep();
    expect(await stored(complaintId)).toBeUndefined();
    world.clock.offsetMs += DAY_MS;
    try {
      expect((await sweep())[0].found).toBeGreaterThan(0);
      expect(await stored(complaintId)).toMatchObject({ api: 'virtual', details: { state: 'PENDING' } });
      expect((await sweep())[1]).toContain('UnansweredComplaints');
    } finally {
      world.clock.offsetMs = 0;
    }
  });
});

describe('the operator function complaints', () => {
  it('lists the complaints of both APIs without a phone', async () => {
    const { complaintId } = await complain();
    const listed = await operate<ListedComplaints>({ action: 'list', days: 2 });
    expect(listed.complaints.find((complaint) => complaint.complaintId === complaintId)).toMatchObject({
      api: 'virtual',
      text: WORDS,
      state: 'PENDING',
    });
    expect(JSON.stringify(listed)).not.toContain(PHONE);
    expect(await world.calls('/v3/merchant-service/complaints-v2')).toBeGreaterThan(0);
  });

  it('replies to the buyer and completes the complaint', async () => {
    const { complaintId } = await complain();
    const replied = await operate({ action: 'reply', complaintId, content: '已到账' });
    expect(replied.complaint).toMatchObject({ api: 'virtual', state: 'PROCESSING', waitingSince: null });
    for (let times = 0; times < 2; times += 1) {
      const { complaint } = await operate({ action: 'complete', complaintId });
      expect(complaint).toMatchObject({ state: 'PROCESSED' });
    }
    expect(await atWechat(complaintId)).toMatchObject({ state: 'PROCESSED' });
    const { history } = await operate<ShownComplaint>({ action: 'show', complaintId });
    expect(history.map(({ type, text }) => [type, text])).toEqual([
      ['USER_CREATE_COMPLAINT', WORDS],
      ['MERCHANT_RESPONSE', '已到账'],
      ['MERCHANT_CONFIRM_COMPLETE', ''],
    ]);
  });

  it('sends a reply once whose answer was lost', async () => {
    const { complaintId } = await complain();
    await world.wechat.loseAnswers('response_complaint');
    expect(await operate({ action: 'reply', complaintId, content: '已到账' })).toMatchObject({
      complaint: { state: 'PROCESSING' },
    });
    const { history } = await operate<ShownComplaint>({ action: 'show', complaintId });
    expect(history.filter(({ type }) => type === 'MERCHANT_RESPONSE')).toHaveLength(1);
  });

  it('shows the phone on request only, and neither stores nor logs it', async () => {
    const { complaintId } = await complain();
    const hidden = await operate<ShownComplaint>({ action: 'show', complaintId });
    expect(JSON.stringify(hidden)).not.toContain(PHONE);
    const { complaint } = await operate<ShownComplaint>({ action: 'show', complaintId, phone: true });
    expect(complaint.payerPhone).toBe(PHONE);
    const kept = JSON.stringify([await world.everything(), world.lines, world.output]);
    for (const secret of [PHONE, WORDS]) expect(kept).not.toContain(secret);
  });

  it('rejects a decision about a refund and a link, and names the way', async () => {
    const { complaintId, outTradeNo } = await complain();
    const approval = { action: 'approve-refund', complaintId, outRefundNo: 'refund-00000001', amountFen: 600 };
    const before = await world.calls('/xpay/refund_order');
    for (const request of [approval, { action: 'reject-refund', complaintId, reason: '已使用' }])
      await expect(operate(request)).rejects.toMatchObject({
        code: 'PARAM_ERROR',
        message: expect.stringContaining('refund the order with pay-refund'),
      });
    const link = { jumpUrl: 'https://shop.example/', jumpUrlText: '查看' };
    await expect(operate({ action: 'reply', complaintId, content: '已到账', ...link })).rejects.toMatchObject({
      code: 'PARAM_ERROR',
    });
    expect(await world.calls('/xpay/refund_order')).toBe(before);
    expect(await world.stored(outTradeNo)).toMatchObject({ state: 'PAID', refundedFen: 0, refundingFen: 0 });
  });

  it('rejects an unknown complaint', async () => {
    await expect(operate({ action: 'show', complaintId: '42' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const { virtual } = await loadComplaints(world.outside);
    await expect(operateComplaints({ virtual: virtual! }, { action: 'show', complaintId: '42' })).rejects.toMatchObject(
      { code: 'NOT_FOUND', message: 'WeChat has no such complaint; check complaintId' },
    );
  });
});
