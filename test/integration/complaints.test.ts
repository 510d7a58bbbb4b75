// The operator function about complaints, against the simulator.
import { createPrivateKey } from 'node:crypto';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Answered } from '../../lib/complaints/answer-complaint.ts';
import type { ListedComplaints, ShownComplaint } from '../../lib/complaints/show-complaints.ts';
import { openPayerPhone } from '../../lib/wechat-pay/v3/payer-phone.ts';
import { ids } from '../support/world.ts';
import { asVerified } from '../support/verified.ts';
import {
  createComplaintWorld,
  failingCalls,
  losingAnswers,
  PHONE,
  WORDS,
  type ComplaintWorld,
} from '../support/complaint-world.ts';

const merchantKey = createPrivateKey(ids.merchantPrivateKey);

let world: ComplaintWorld;
beforeAll(async () => {
  world = await createComplaintWorld();
});
afterAll(() => world.close());

const actionsAt = async (complaintId: string) => (await world.atWechat(complaintId)).history.map(({ type }) => type);

/** Loses the answers of one kind of call. Both attempts of a repeated call are lost unless `times` is 1. */
const losing = (end: string, times = 2) => world.load(losingAnswers(world.outside.send, end, times));
/** Loads the function so that calls of one kind never reach WeChat Pay. */
const failing = (end: string) => world.load(failingCalls(world.outside.send, end));

describe('list', () => {
  it('shows complaints of WeChat Pay with what the table has about waiting, and stores unknown ones', async () => {
    const answered = await world.complain();
    await world.operate({ action: 'reply', complaintId: answered.complaintId, content: '今天发货' });
    await world.delivered();
    await world.faults('complaint-notify', 'drop-notify');
    const lost = await world.complain();
    const { complaints, nextOffset } = await world.operate<ListedComplaints>({ action: 'list', days: 1 });
    const views = new Map(complaints.map((complaint) => [complaint.complaintId, complaint]));
    expect(views.get(answered.complaintId)).toMatchObject({ state: 'PROCESSING', waitingSince: null, text: WORDS });
    expect(views.get(lost.complaintId)).toMatchObject({
      state: 'PENDING',
      waitingSince: views.get(lost.complaintId)!.complainedAt,
      orders: [{ outTradeNo: lost.outTradeNo, userId: lost.user.id }],
    });
    expect(nextOffset).toBeNull();
    expect(await world.stored(lost.complaintId)).toMatchObject({ details: { state: 'PENDING' } });
  });

  it('contains no phone, encrypted or not', async () => {
    await world.complain();
    const listed = JSON.stringify(await world.operate({ action: 'list' }));
    expect(listed).not.toContain(PHONE);
    expect(listed).not.toMatch(/phone/i);
  });
});

describe('show', () => {
  it('returns the complaint with its history', async () => {
    const { complaintId } = await world.complain();
    await world.operate({ action: 'reply', complaintId, content: '今天发货' });
    const { complaint, history } = await world.operate<ShownComplaint>({ action: 'show', complaintId });
    expect(complaint).toMatchObject({ complaintId, text: WORDS, problemType: 'REFUND', refundFen: 1800 });
    expect(complaint).not.toHaveProperty('payerPhone');
    expect(history.map(({ type, text }) => [type, text])).toEqual([
      ['USER_CREATE_COMPLAINT', WORDS],
      ['MERCHANT_RESPONSE', '今天发货'],
    ]);
  });

  it('opens the phone on request only, and neither stores nor logs it', async () => {
    const { complaintId } = await world.complain();
    const { complaint } = await world.operate<ShownComplaint>({ action: 'show', complaintId, phone: true });
    expect(complaint.payerPhone).toBe(PHONE);
    const kept = JSON.stringify([await world.everything(), world.lines]);
    for (const secret of [PHONE, WORDS]) expect(kept).not.toContain(secret);
  });

  it('returns null for a buyer without a phone', async () => {
    const { complaintId } = await world.complain({ phone: null });
    const { complaint } = await world.operate<ShownComplaint>({ action: 'show', complaintId, phone: true });
    expect(complaint.payerPhone).toBeNull();
  });

  it('names the setting when the merchant key does not open the phone, without the ciphertext', async () => {
    const { complaintId } = await world.complain();
    const queryComplaint: typeof world.deps.queryComplaint = async (id) =>
      asVerified({
        ...(await world.deps.queryComplaint(id)),
        revealPhone: () => openPayerPhone(merchantKey, 'bm90IHNlYWxlZCBmb3IgdXM='),
      });
    const error: unknown = await world
      .operate({ action: 'show', complaintId, phone: true }, { ...world.deps, queryComplaint })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'NOT_CONFIGURED', detail: { setting: 'PAY_MCH_PRIVATE_KEY' } });
    expect(inspect(error)).not.toContain('bm90');
  });

  it('rejects an unknown complaint, and stores nothing', async () => {
    await expect(world.operate({ action: 'show', complaintId: '42' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'WeChat Pay has no such complaint; check complaintId',
    });
    expect(await world.stored('42')).toBeUndefined();
  });
});

describe('reply', () => {
  it('answers the buyer, and ends the wait at once', async () => {
    const { complaintId } = await world.complain();
    await world.faults('complaint-notify', 'drop-notify');
    const { complaint } = await world.operate<Answered>({ action: 'reply', complaintId, content: '今天发货\n谢谢' });
    expect(complaint).toMatchObject({ state: 'PROCESSING', waitingSince: null });
    expect(await world.stored(complaintId)).not.toHaveProperty('waitingSince');
    expect((await world.atWechat(complaintId)).history.at(-1)).toMatchObject({ text: '今天发货\n谢谢' });
  });

  it('is sent once, and counts as sent, when only its answer was lost', async () => {
    const { complaintId } = await world.complain();
    const { complaint } = await world.operate<Answered>(
      { action: 'reply', complaintId, content: '今天发货' },
      await losing('/response'),
    );
    expect(complaint).toMatchObject({ state: 'PROCESSING' });
    expect(await actionsAt(complaintId)).toEqual(['USER_CREATE_COMPLAINT', 'MERCHANT_RESPONSE']);
  });

  it('asks the operator to look first when no entry of the history proves the reply', async () => {
    const { complaintId } = await world.complain();
    await expect(
      world.operate({ action: 'reply', complaintId, content: '今天发货' }, await failing('/response')),
    ).rejects.toThrow('look with "show" whether the buyer has the reply before you send it again');
    expect(await actionsAt(complaintId)).toEqual(['USER_CREATE_COMPLAINT']);
  });

  it('does not take an earlier reply with the same words for the lost one', async () => {
    const { complaintId } = await world.complain();
    await world.operate({ action: 'reply', complaintId, content: '今天发货' });
    const later = { ...(await failing('/response')), now: () => world.outside.now() + 3_600_000 };
    await expect(world.operate({ action: 'reply', complaintId, content: '今天发货' }, later)).rejects.toMatchObject({
      code: 'WECHAT_UNAVAILABLE',
    });
  });

  it('succeeds without the complaint when WeChat Pay does not answer the query after it', async () => {
    const { complaintId } = await world.complain();
    const answer = await world.operate(
      { action: 'reply', complaintId, content: '今天发货' },
      await losing(complaintId, 99),
    );
    expect(answer).toEqual({ complaint: null });
    expect(await actionsAt(complaintId)).toContain('MERCHANT_RESPONSE');
  });
});

describe('complete', () => {
  it('ends the complaint, and has no further effect when repeated', async () => {
    const { complaintId } = await world.complain();
    for (let call = 0; call < 2; call += 1) {
      const { complaint } = await world.operate<Answered>({ action: 'complete', complaintId });
      expect(complaint).toMatchObject({ state: 'PROCESSED', waitingSince: null });
    }
    expect(await actionsAt(complaintId)).toEqual(['USER_CREATE_COMPLAINT', 'MERCHANT_CONFIRM_COMPLETE']);
  });

  it.each([1, 2])('succeeds after %i lost answers', async (times) => {
    const { complaintId } = await world.complain();
    const { complaint } = await world.operate<Answered>(
      { action: 'complete', complaintId },
      await losing('/complete', times),
    );
    expect(complaint).toMatchObject({ state: 'PROCESSED' });
  });

  it('completes a complaint that the buyer continued after its completion', async () => {
    const { complaintId } = await world.complain();
    await world.operate({ action: 'complete', complaintId });
    await world.act(complaintId, 'user-continues');
    await world.operate({ action: 'complete', complaintId });
    expect((await world.atWechat(complaintId)).state).toBe('PROCESSED');
    expect((await actionsAt(complaintId)).filter((type) => type === 'MERCHANT_CONFIRM_COMPLETE')).toHaveLength(2);
  });

  it('shows the sentence of WeChat Pay when the buyer has ended the complaint', async () => {
    const { complaintId } = await world.complain();
    await world.act(complaintId, 'user-cancels');
    vi.resetModules();
    Object.assign(process.env, world.settings);
    const { handler } = await import('../../functions/complaints.ts');
    await expect(handler({ action: 'complete', complaintId })).rejects.toThrow('投诉单已处理完成，不支持该操作');
  });
});

describe('a malformed request', () => {
  it.each<[object, RegExp]>([
    [{}, /action must be list, show, reply, complete, approve-refund or reject-refund/],
    [{ action: 'delete' }, /action must be/],
    [{ action: 'show' }, /complaintId is missing|complaintId/],
    [{ action: 'show', complaintId: '../x' }, /complaintId must be an id/],
    [{ action: 'reply', complaintId: '1', content: '' }, /content must not be empty/],
    [
      { action: 'reply', complaintId: '1', content: '字'.repeat(201) },
      /content must have at most 200 characters; got 201/,
    ],
    [{ action: 'reply', complaintId: '1', content: '好😀' }, /content must have no emoji/],
    [{ action: 'reply', complaintId: '1', content: '好', images: ['1', '2', '3', '4', '5'] }, /at most 4/],
    [{ action: 'reply', complaintId: '1', content: '好', jumpUrl: 'https://a.example/' }, /need each other/],
    [{ action: 'reply', complaintId: '1', content: '好', jumpUrl: 'http://a.example/', jumpUrlText: '看' }, /https/],
    [
      { action: 'reply', complaintId: '1', content: '好', jumpUrl: 'https://a.example/', jumpUrlText: '字'.repeat(11) },
      /10/,
    ],
    [
      { action: 'approve-refund', complaintId: '1', outRefundNo: 'r', amountFen: 1, launchRefundDay: -1 },
      /launchRefundDay/,
    ],
    [{ action: 'reject-refund', complaintId: '1' }, /reason/],
    [{ action: 'reject-refund', complaintId: '1', reason: 'x', launchRefundDay: 1 }, /launchRefundDay/],
    [{ action: 'list', days: 31 }, /days/],
  ])('%j is rejected before a call, with a reason', async (input, reason) => {
    const silent = await world.load(() => Promise.reject(new Error('called')));
    const rejected = world.operate(input, silent);
    await expect(rejected).rejects.toMatchObject({ code: 'PARAM_ERROR', message: expect.stringMatching(reason) });
  });

  it('accepts a reply of exactly 200 characters', async () => {
    const { complaintId } = await world.complain();
    await world.operate({ action: 'reply', complaintId, content: '字'.repeat(200) });
    expect(await actionsAt(complaintId)).toContain('MERCHANT_RESPONSE');
  });
});
