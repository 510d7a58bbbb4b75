import * as v from 'valibot';
import { AppError, isAppError } from '../../core/errors.ts';
import {
  isOtherForm,
  noticeOf,
  type ForeignNotice,
  type Notice,
  type OwnMerchant,
  type Unreadable,
} from '../notice.ts';
import type { WechatRefund, Transaction } from '../pay-api.ts';
import type { Verified } from '../verified.ts';
import { readComplaintReport, type ComplaintReport } from './complaints.ts';
import { assertWechatpaySignature, type PlatformKeys, type SignedHeaders } from './verify-signature.ts';
import { readRefundNotice } from './refunds.ts';
import { openResource, sealedResource } from './resource.ts';
import { readTransaction } from './transaction.ts';

declare const opened: unique symbol;

/**
 * A notification that WeChat Pay signed, opened with our key. Only openPayNotification creates values of this type.
 * `foreign` is present when the content names another merchant.
 */
export type PayNotification = { readonly [opened]: true } & (
  | { kind: 'payment'; transaction: Verified<Transaction>; foreign?: ForeignNotice }
  | { kind: 'refund'; refund: Verified<WechatRefund>; foreign?: ForeignNotice }
  | { kind: 'complaint'; complaint: Verified<ComplaintReport> }
  | (Notice & { kind: 'other' })
  | Unreadable
);

const REFUND_EVENTS = new Set(['REFUND.SUCCESS', 'REFUND.ABNORMAL', 'REFUND.CLOSED']);
const COMPLAINT_EVENTS = new Set(['COMPLAINT.CREATE', 'COMPLAINT.STATE_CHANGE']);

const envelope = v.object({
  event_type: v.string(),
  resource_type: v.literal('encrypt-resource'),
  resource: sealedResource,
});
const anyObject = v.pipe(v.string(), v.parseJson(), v.record(v.string(), v.unknown()));

/**
 * Opens a notification: verifies the signature over the raw bytes, parses the envelope, decrypts and authenticates the
 * resource, and reads its content. Unverified bytes are never parsed. The form of the content decides how it is
 * handled, because products share event types.
 * @throws FORBIDDEN when WeChat Pay did not sign the request; the errors of the key lookup
 * @throws PARAM_ERROR when the content contradicts its event type
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012075420
 */
export async function openPayNotification(
  request: { headers: SignedHeaders; body: Buffer },
  keys: OwnMerchant & { platformKeys: PlatformKeys; apiV3Keys: string[]; nowMs: number },
): Promise<PayNotification> {
  await assertWechatpaySignature(request, keys);
  return openBody(request.body.toString('utf8'), keys) as PayNotification;
}

function openBody(json: string, { apiV3Keys, ...own }: OwnMerchant & { apiV3Keys: string[] }) {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), envelope), json);
  if (!parsed.success) return unreadable('The notification does not have the format of API v3');
  const { event_type: eventType, resource } = parsed.output;
  try {
    return readContent(eventType, openResource(apiV3Keys, resource) as Verified<string>, own);
  } catch (error) {
    if (isAppError(error, 'NOT_CONFIGURED')) return { kind: 'unreadable', error };
    throw error;
  }
}

function readContent(eventType: string, content: Verified<string>, own: OwnMerchant) {
  const isComplaint = COMPLAINT_EVENTS.has(eventType);
  const isMoney = eventType === 'TRANSACTION.SUCCESS' || REFUND_EVENTS.has(eventType);
  if (!isComplaint && !isMoney) return noticeOf(eventType, 'event-type', content);
  const fields = v.safeParse(anyObject, content);
  if (!fields.success) return unreadable('The content of the notification is not a JSON object');
  if (isOtherForm(fields.output)) return noticeOf(eventType, 'form', content);
  return isComplaint
    ? readComplaint(eventType, content, { fields: fields.output, own })
    : readMoney(eventType, content, { fields: fields.output, own });
}

interface Context {
  fields: Record<string, unknown>;
  own: OwnMerchant;
}

function readMoney(eventType: string, content: Verified<string>, { fields, own: { mchId, appIds } }: Context) {
  const isPayment = eventType === 'TRANSACTION.SUCCESS';
  const { mchid, appid } = fields;
  const read = isPayment ? readPayment(content) : readRefund(eventType, content);
  if (read) {
    const { outTradeNo } = read.kind === 'payment' ? read.transaction : read.refund;
    return mchid === mchId ? read : { ...read, foreign: { ...noticeOf(eventType, 'merchant', content), outTradeNo } };
  }
  // A refund names no application.
  const isOurs = mchid === mchId && (!isPayment || appIds.includes(String(appid)));
  if (isOurs) return unreadable('The notification names our merchant, but lacks a required field');
  return noticeOf(eventType, mchid === mchId ? 'form' : 'merchant', content);
}

/** Reads a complaint. WeChat Pay documents no merchant in it, because the registered address belongs to one merchant. */
function readComplaint(eventType: string, content: Verified<string>, { fields, own: { mchId } }: Context) {
  const { complainted_mchid, mchid = complainted_mchid } = fields;
  if (mchid !== undefined && mchid !== mchId) return noticeOf(eventType, 'merchant', content);
  const complaint = readComplaintReport(eventType, content);
  if (complaint) return { kind: 'complaint' as const, complaint };
  return unreadable('The notification of a complaint lacks the id of the complaint');
}

function readPayment(content: Verified<string>) {
  const transaction = readTransaction(content);
  if (transaction && transaction.tradeState !== 'SUCCESS') throw contradiction('contains no successful payment');
  return transaction?.payment && { kind: 'payment' as const, transaction };
}

function readRefund(eventType: string, content: Verified<string>) {
  const refund = readRefundNotice(content);
  if (refund && eventType !== `REFUND.${refund.status}`) throw contradiction('contains no refund in its status');
  return refund && { kind: 'refund' as const, refund };
}

function contradiction(what: string): AppError {
  return new AppError('PARAM_ERROR', `The notification ${what}`);
}

function unreadable(message: string): Unreadable {
  return { kind: 'unreadable', error: new AppError('INTERNAL', message) };
}
