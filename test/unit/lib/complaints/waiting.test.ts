import { describe, expect, it } from 'vitest';
import {
  afterReport,
  mustCount,
  nextAttemptAtMs,
  nextLookAtMs,
  withDetails,
} from '../../../../lib/complaints/waiting.ts';
import type { Complaint } from '../../../../lib/store/complaints.ts';
import type { WechatComplaint } from '../../../../lib/wechat-pay/complaint.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const T0 = Date.parse('2026-11-20T00:00:00.000Z');
const iso = (hours: number) => new Date(T0 + hours * HOUR_MS).toISOString();
const at = (hours: number) => T0 + hours * HOUR_MS;

const live = (change: Partial<WechatComplaint> = {}): WechatComplaint => ({
  complaintId: 'c1',
  state: 'PENDING',
  complainedAt: iso(0),
  mchId: '1900000001',
  orders: [{ outTradeNo: 'o1', transactionId: 't1', amountFen: 1800 }],
  buyerWaits: false,
  isRefundedInFull: false,
  times: 1,
  inPlatformService: false,
  text: 'late',
  problem: 'refund',
  userTags: [],
  needsImmediateService: false,
  pictures: [],
  revealPhone: () => '13580006666',
  ...change,
});
const bare: Complaint = { complaintId: 'c1', revision: 1, reportedAt: iso(0) };
const known = (change: Partial<WechatComplaint> = {}, nowHours = 0) => ({
  ...withDetails(bare, live(change), at(nowHours)),
  revision: 2,
});
const answered = known({ state: 'PROCESSING' });

describe('afterReport', () => {
  const report = (actionType: string) => ({ complaintId: 'c1', actionType });

  it.each(['CREATE_COMPLAINT', 'COMPLAINT.CREATE', 'CONTINUE_COMPLAINT', 'USER_RESPONSE'])(
    'lets a complaint wait from the notification %s on',
    (action) => {
      expect(afterReport(undefined, report(action), at(1))).toMatchObject({ actionType: action, waitingSince: iso(1) });
      expect(afterReport(answered, report(action), at(1)).waitingSince).toBe(iso(1));
    },
  );

  it.each(['MERCHANT_RESPONSE', 'REFUND_SUCCESS', 'RESPONSE_BY_PLATFORM', 'COMPLAINT.STATE_CHANGE', 'NEW_ACTION'])(
    'lets no complaint wait because of the notification %s',
    (action) => {
      expect(afterReport(answered, report(action), at(1))).not.toHaveProperty('waitingSince');
    },
  );

  it('keeps the beginning of a wait, and ends none: notifications arrive late', () => {
    for (const action of ['USER_RESPONSE', 'MERCHANT_RESPONSE', 'MERCHANT_CONFIRM_COMPLETE'])
      expect(afterReport(known(), report(action), at(5)).waitingSince).toBe(iso(0));
  });

  it('keeps the time of the first notification and the details', () => {
    expect(afterReport(answered, report('USER_RESPONSE'), at(9))).toMatchObject({
      reportedAt: iso(0),
      details: { state: 'PROCESSING' },
    });
  });
});

describe('withDetails', () => {
  it('stores neither the words nor the phone of the buyer', () => {
    expect(known().details).toEqual({
      state: 'PENDING',
      complainedAt: iso(0),
      mchId: '1900000001',
      orders: [{ outTradeNo: 'o1', transactionId: 't1', amountFen: 1800 }],
      buyerWaits: false,
      isRefundedInFull: false,
      times: 1,
      inPlatformService: false,
    });
  });

  it('counts the wait of a new complaint from the complaint, however late its notification is', () => {
    expect(withDetails({ ...bare, waitingSince: iso(7) }, live(), at(8)).waitingSince).toBe(iso(0));
  });

  it.each<[string, Partial<WechatComplaint>]>([
    ['was answered', { state: 'PROCESSING' }],
    ['is over', { state: 'PROCESSED' }],
    ['is over with an unanswered message', { state: 'PROCESSED', buyerWaits: true }],
  ])('ends the wait of a complaint that %s', (_, change) => {
    const waiting = { ...bare, waitingSince: iso(0), countedAt: iso(13) };
    const next = withDetails(waiting, live(change), at(14));
    expect(next).not.toHaveProperty('waitingSince');
    expect(next).not.toHaveProperty('countedAt');
  });

  it.each<[string, Partial<WechatComplaint>]>([
    ['wrote again', { state: 'PROCESSING', buyerWaits: true }],
    ['continued the complaint', { state: 'PENDING', times: 2 }],
  ])('lets a complaint wait from the notification on, or from now on, after the buyer %s', (_, change) => {
    expect(withDetails({ ...answered, waitingSince: iso(30) }, live(change), at(31)).waitingSince).toBe(iso(30));
    expect(withDetails(answered, live(change), at(31)).waitingSince).toBe(iso(31));
  });

  it('counts from the complaint if the first details show a wait without a notification', () => {
    expect(withDetails(bare, live({ state: 'PROCESSING', buyerWaits: true }), at(40)).waitingSince).toBe(iso(0));
  });
});

describe('mustCount', () => {
  const waiting = (change: Partial<Complaint> = {}) => ({ ...bare, waitingSince: iso(0), ...change });

  it('counts a complaint that waits for 12 hours, and none before', () => {
    expect(mustCount(waiting(), at(12) - 1)).toBe(false);
    expect(mustCount(waiting(), at(12))).toBe(true);
    expect(mustCount(bare, at(99))).toBe(false);
  });

  it('counts a waiting complaint once an hour', () => {
    expect(mustCount(waiting({ countedAt: iso(12) }), at(13) - 1)).toBe(false);
    expect(mustCount(waiting({ countedAt: iso(12) }), at(13))).toBe(true);
  });
});

describe('nextLookAtMs', () => {
  it.each<[string, Omit<Complaint, 'revision'>, number, number | undefined]>([
    ['at the twelfth hour of a wait', known(), at(1), at(12)],
    ['at once when the metric must count', known(), at(14), at(14)],
    ['an hour after the last count', { ...known(), countedAt: iso(14) }, at(14), at(15)],
    ['after a day without a wait', answered, at(2), at(26)],
    ['never after the end', known({ state: 'PROCESSED' }), at(2), undefined],
    ['never after 90 days without a wait', answered, T0 + 90 * DAY_MS + 1, undefined],
  ])('looks %s', (_, complaint, nowMs, expected) => {
    expect(nextLookAtMs(complaint, nowMs)).toBe(expected);
  });
});

describe('nextAttemptAtMs', () => {
  it.each([
    [0, 10],
    [20, 20],
    [300, 60],
  ])('repeats a failed query %i minutes after the first notification in %i minutes', (age, pause) => {
    const nowMs = T0 + age * 60_000;
    expect(nextAttemptAtMs(bare, nowMs)).toBe(nowMs + pause * 60_000);
  });
});
