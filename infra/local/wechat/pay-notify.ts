import { createCipheriv, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { beijingIso } from './beijing-time.ts';
import type { CallLog } from './call-log.ts';
import type { Clock } from './clock.ts';
import type { Deliver, DeliveryResult } from './deliver.ts';
import type { Faults, NotifyFault } from './faults.ts';
import { signedHeaders } from './pay-signature.ts';
import type { PayKeys } from './pay-signature.ts';
import { alphanumeric } from './random.ts';
import type { PaySettings } from './settings.ts';

interface NotifyWorld {
  pay: PaySettings;
  keys: PayKeys;
  clock: Clock;
  log: CallLog;
  faults: Faults;
  deliver: Deliver;
}

interface Notification {
  url: string;
  body: string;
}

/** Tells the merchant of a payment; answers what the receiver said at once, or null if nothing was delivered yet. */
export type NotifyPaid = (url: string, transaction: object) => Promise<DeliveryResult | null>;

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/** Waits between the deliveries of one notification (pay 4.7): 15 retries, 24 h 4 min in total. */
export const retryGapsMs = [
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
] as const;

const duplicateGapMs = 20;

/** Builds the sender of payment notifications (pay 4), which can also lie when a fault says so. */
export function createPayNotify({ pay, keys, clock, log, faults, deliver }: NotifyWorld): NotifyPaid {
  const post = async (
    { url, body }: Notification,
    attempt: number,
    { fault, signature, sentBody = body }: { fault?: NotifyFault; signature?: string; sentBody?: string } = {},
  ): Promise<DeliveryResult> => {
    const headers = {
      'Content-Type': 'application/json',
      'User-Agent': 'Mozilla/4.0',
      Accept: '*/*',
      'Request-ID': `${randomUUID()}-0`,
      ...signedHeaders(body, pay, keys),
      ...(signature && { 'Wechatpay-Signature': signature }),
    };
    const path = new URL(url).pathname;
    const about = { event: 'TRANSACTION.SUCCESS', url, attempt, sentBody, ...(fault && { fault }) };
    const entry = log.add({ kind: 'push', method: 'POST', path, query: {}, ...about });
    const result = fault === 'drop-notify' ? dropped : await deliver({ url, headers, body: sentBody });
    Object.assign(entry, result);
    return result;
  };

  const playFault = async (
    notification: Notification,
    attempt: number,
    fault: NotifyFault,
  ): Promise<DeliveryResult> => {
    if (fault === 'probe-notify') {
      await post(notification, attempt, { fault, signature: `WECHATPAY/SIGNTEST/${alphanumeric(325)}` });
      return post(notification, attempt);
    }
    if (fault === 'tamper-notify')
      return post(notification, attempt, { fault, sentBody: flipOneBit(notification.body) });
    if (fault === 'drop-notify') return post(notification, attempt, { fault });
    const twin = sleep(duplicateGapMs).then(() => post(notification, attempt, { fault }));
    const [first, second] = await Promise.all([post(notification, attempt), twin]);
    return isAccepted(first) ? first : second;
  };

  const attemptNow = async (
    notification: Notification,
    attempt: number,
    dueAt: number,
  ): Promise<DeliveryResult | null> => {
    const fault = faults.forNotification();
    const gapMs = retryGapsMs[attempt - 1];
    if (fault === 'late-notify' && gapMs !== undefined) {
      schedule(notification, attempt + 1, dueAt + gapMs);
      return null;
    }
    const result = fault ? await playFault(notification, attempt, fault) : await post(notification, attempt);
    if (!isAccepted(result) && gapMs !== undefined) schedule(notification, attempt + 1, dueAt + gapMs);
    return result === dropped ? null : result;
  };

  // Counted from the slot, not from the end of the slow delivery before it: the schedule stays the official one.
  const schedule = (notification: Notification, attempt: number, dueAt: number): void =>
    clock.schedule(dueAt, async () => void (await attemptNow(notification, attempt, dueAt)));

  return (url, transaction) => {
    const now = clock.now();
    return attemptNow({ url, body: buildEnvelope(transaction, pay.apiV3Key, now) }, 1, now);
  };
}

const dropped: DeliveryResult = { status: null, body: '', error: 'dropped by a fault' };

function buildEnvelope(transaction: object, apiV3Key: string, now: number): string {
  return JSON.stringify({
    id: randomUUID(),
    create_time: beijingIso(now),
    resource_type: 'encrypt-resource',
    event_type: 'TRANSACTION.SUCCESS',
    summary: '支付成功',
    resource: { original_type: 'transaction', ...encrypt(JSON.stringify(transaction), apiV3Key) },
  });
}

/** AES-256-GCM as in pay 4.3: the tag follows the ciphertext. */
function encrypt(plain: string, apiV3Key: string): Record<string, string> {
  const nonce = alphanumeric(12);
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(apiV3Key), Buffer.from(nonce));
  cipher.setAAD(Buffer.from('transaction'));
  const ciphertext = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return {
    algorithm: 'AEAD_AES_256_GCM',
    ciphertext: ciphertext.toString('base64'),
    associated_data: 'transaction',
    nonce,
  };
}

function flipOneBit(body: string): string {
  return body.replace(/("ciphertext":")([^"]+)/, (_, name: string, ciphertext: string) => {
    const bytes = Buffer.from(ciphertext, 'base64');
    bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
    return name + bytes.toString('base64');
  });
}

function isAccepted({ status }: DeliveryResult): boolean {
  return status === 200 || status === 204;
}
