import { setTimeout as sleep } from 'node:timers/promises';
import type { CallLog } from '../call-log.ts';
import type { Clock } from '../clock.ts';
import type { Deliver, DeliveryResult } from '../deliver.ts';
import type { Faults, NotifyFault } from '../faults.ts';

interface DeliveryDependencies {
  clock: Clock;
  log: CallLog;
  faults: Faults;
  deliver: Deliver;
}

/** The HTTP request of one delivery; API v3 signs each delivery anew. */
export interface NotificationRequest {
  headers: Record<string, string>;
  body: string;
}

/** The faults that change the content of a delivery, not only its time. */
type ContentFault = Exclude<NotifyFault, 'drop-notify' | 'duplicate-notify' | 'late-notify'>;

/** A notification for the merchant, in one of the protocols. */
export interface Notification {
  url: string;
  /** For the call log: `TRANSACTION.SUCCESS`. */
  event: string;
  genuine(): NotificationRequest;
  /** Complaints have a retry schedule and faults of their own. */
  topic?: 'complaint';
  /** The faulty deliveries that the protocol supports. */
  faulty: Partial<Record<ContentFault, () => NotificationRequest>>;
  isAccepted(result: DeliveryResult): boolean;
}

/** Delivers a notification; returns the result of the first delivery, or null if nothing was delivered yet. */
export type DeliverNotification = (notification: Notification) => Promise<DeliveryResult | null>;

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/**
 * Delays between the deliveries of a payment or refund notification: 15 retries, 24 h 4 min in total.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791861
 */
const paymentGapsMs: readonly number[] = [
  15 * secondMs,
  15 * secondMs,
  30 * secondMs,
  3 * minuteMs,
  10 * minuteMs,
  20 * minuteMs,
  30 * minuteMs,
  30 * minuteMs,
  30 * minuteMs,
  60 * minuteMs,
  3 * hourMs,
  3 * hourMs,
  3 * hourMs,
  6 * hourMs,
  6 * hourMs,
];

/**
 * Delays between the deliveries of a complaint notification: 1,000 retries within a week.
 * @see https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter10_2_16.shtml
 */
const complaintGapsMs: readonly number[] = [
  5 * secondMs,
  ...Array<number>(10).fill(minuteMs),
  ...Array<number>(989).fill(5 * minuteMs),
];

const payments = { target: 'notify', gapsMs: paymentGapsMs } as const;
const complaints = { target: 'complaint-notify', gapsMs: complaintGapsMs } as const;

const duplicateGapMs = 20;

/**
 * Builds the delivery of notifications with retries. Planned faults can delay, drop or change a delivery. A merchant
 * must query an order whose notification does not arrive.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012075249
 */
export function createNotificationDelivery({ clock, log, faults, deliver }: DeliveryDependencies): DeliverNotification {
  const post = async (
    { url, event }: Notification,
    attempt: number,
    { headers, body }: NotificationRequest,
    fault?: NotifyFault,
  ): Promise<DeliveryResult> => {
    const about = { event, url, attempt, sentBody: body, ...(fault && { fault }) };
    const entry = log.add({ kind: 'push', method: 'POST', path: new URL(url).pathname, query: {}, ...about });
    const result = fault === 'drop-notify' ? dropped : await deliver({ url, headers, body });
    Object.assign(entry, result);
    return result;
  };

  const playFault = async (
    notification: Notification,
    attempt: number,
    fault: NotifyFault,
  ): Promise<DeliveryResult> => {
    const { genuine, faulty } = notification;
    const buildFaulty = isContentFault(fault) ? faulty[fault] : undefined;
    if (buildFaulty) {
      const result = await post(notification, attempt, buildFaulty(), fault);
      // The genuine delivery follows a probe at once.
      return fault === 'probe-notify' ? post(notification, attempt, genuine()) : result;
    }
    if (fault === 'drop-notify') return post(notification, attempt, genuine(), fault);
    const duplicate = sleep(duplicateGapMs).then(() => post(notification, attempt, genuine(), fault));
    const [first, second] = await Promise.all([post(notification, attempt, genuine(), fault), duplicate]);
    return notification.isAccepted(first) ? first : second;
  };

  const attemptNow = async (
    notification: Notification,
    attempt: number,
    dueAt: number,
  ): Promise<DeliveryResult | null> => {
    const { topic, faulty } = notification;
    const { target, gapsMs } = topic === 'complaint' ? complaints : payments;
    const fault = faults.forNotification(target, (one) => !isContentFault(one) || faulty[one] !== undefined);
    const gapMs = gapsMs[attempt - 1];
    if (fault === 'late-notify' && gapMs !== undefined) {
      schedule(notification, attempt + 1, dueAt + gapMs);
      return null;
    }
    const result = fault
      ? await playFault(notification, attempt, fault)
      : await post(notification, attempt, notification.genuine());
    if (!notification.isAccepted(result) && gapMs !== undefined) schedule(notification, attempt + 1, dueAt + gapMs);
    return result === dropped ? null : result;
  };

  // Counted from the scheduled time, not from the end of the previous delivery: the schedule stays the official one.
  const schedule = (notification: Notification, attempt: number, dueAt: number): void =>
    clock.schedule(dueAt, async () => void (await attemptNow(notification, attempt, dueAt)));

  return (notification) => attemptNow(notification, 1, clock.now());
}

const dropped: DeliveryResult = { status: null, body: '', error: 'dropped by a fault' };

function isContentFault(fault: NotifyFault): fault is ContentFault {
  return fault !== 'drop-notify' && fault !== 'duplicate-notify' && fault !== 'late-notify';
}
