import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock.ts';
import type { DeliveryResult } from '../deliver.ts';
import type { Faults } from '../faults.ts';
import type { PayOrder, Payment } from '../pay/ledger.ts';
import { refundedAt } from '../pay/refunds.ts';
import { PlatformError } from '../platform/error.ts';
import type { WechatUser } from '../wechat-users.ts';
import type { XmlFields } from '../xml.ts';
import type { Upload } from './upload.ts';

interface TradeWorld {
  clock: Clock;
  faults: Faults;
  /** The mini-program, and the merchant that is bound to it. */
  appId: string;
  mchId: string;
  isInComplaint: (outTradeNo: string) => boolean;
  sendEvent: (user: WechatUser, event: string, fields: XmlFields) => Promise<DeliveryResult>;
  /** Any user: pushes of the platform are about no user, but the list of pushes is kept per user. */
  anyUser: () => WechatUser | undefined;
}

/** A payment in the mini-program whose money WeChat holds until the buyer has the goods. */
export interface Trade {
  order: PayOrder;
  payment: Payment;
  user: WechatUser;
  mchId: string;
  /** The shipping information that counts. */
  upload?: Upload;
  /** The time of the upload on the simulator's clock. */
  uploadedAt: number;
  /** How often the shipping was finished: 2 after the one correction. */
  finishedCount: number;
  isCorrected: boolean;
  /** Whether the merchant was reminded to ship, and the buyer to confirm the receipt. */
  isReminded: boolean;
  isBuyerReminded: boolean;
  received?: { at: number; method: 1 | 2 };
  settledAt?: number;
  /** Whether the settlement of a received order waits. */
  isHeld: boolean;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Days until WeChat confirms the receipt by itself, by the kind of delivery. */
const RECEIPT_DAYS = { 1: 10, 2: 2, 3: 2, 4: 2 };
const AUTOMATIC = 1;
const BY_BUYER = 2;

/**
 * The order shipping management: holds the money of payments in the mini-program until the order was shipped and received.
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/order-shipping/order-shipping
 */
export class TradeManagement {
  managed = true;
  /** Whether WeChat has limited the payments of the mini-program. */
  limited = false;
  /** Time after a payment in which uploads do not find it (ms). */
  knownAfterMs = 2_000;
  /** The pages behind the shipping message and the order list. */
  messagePath = '';
  orderDetailPath = '';
  readonly #world: TradeWorld;
  readonly #trades = new Map<PayOrder, Trade>();
  #hasShipped = false;

  constructor(world: TradeWorld) {
    this.#world = world;
  }

  /** Oldest first. */
  all(): Trade[] {
    return [...this.#trades.values()];
  }

  of(order: PayOrder): Trade | undefined {
    return this.#trades.get(order);
  }

  /** Whether WeChat refuses payments of the order. */
  isLimited({ terms }: PayOrder): boolean {
    return this.limited && terms.appId === this.#world.appId && terms.tradeType === 'JSAPI';
  }

  /** Takes in a payment. */
  async paid(order: PayOrder, user: WechatUser): Promise<void> {
    const { terms, payment } = order;
    if (!this.managed || !payment || terms.appId !== this.#world.appId || terms.tradeType !== 'JSAPI') return;
    const trade: Trade = {
      order,
      payment,
      user,
      mchId: this.#world.mchId,
      uploadedAt: 0,
      finishedCount: 0,
      isCorrected: false,
      isReminded: false,
      isBuyerReminded: false,
      isHeld: false,
    };
    this.#trades.set(order, trade);
    this.#schedule(payment.paidAt + 2 * DAY_MS, () => this.#remind(trade));
    if (this.#trades.size === 1) await this.#remindOfApi(user);
  }

  /** Finds a payment by either number. @throws PlatformError */
  find(key: Upload['key']): Trade {
    const trade = this.all().find(({ order, payment }) =>
      'transactionId' in key
        ? payment.transactionId === key.transactionId
        : order.terms.outTradeNo === key.outTradeNo && key.mchId === this.#world.mchId,
    );
    if (!trade) throw new PlatformError(10060001);
    return trade;
  }

  /** Takes in shipping information. @throws PlatformError */
  async upload(upload: Upload): Promise<void> {
    const { clock, faults } = this.#world;
    const trade = this.find(upload.key);
    if (clock.now() - trade.payment.paidAt < this.knownAfterMs) throw new PlatformError(10060001);
    if (faults.takeVariant('upload-shipping', 'unknown-payment')) throw new PlatformError(10060001);
    if (upload.openId !== trade.payment.openId) throw new PlatformError(10060031);
    const { upload: before } = trade;
    if (isRefunded(trade) || trade.received) throw new PlatformError(10060004);
    if (faults.takeVariant('upload-shipping', 'already-shipped')) throw new PlatformError(10060002);
    if (before && isSame(before, upload)) throw new PlatformError(10060023);
    if (before && upload.uploadedAt <= before.uploadedAt) throw new PlatformError(10060014);
    if (before?.isFinal && !upload.isFinal) throw new PlatformError(10060002);
    const isCorrection = before !== undefined && (before.isFinal || isOfOtherKind(before, upload));
    if (isCorrection && trade.isCorrected) throw new PlatformError(10060003);
    trade.isCorrected ||= isCorrection;
    trade.upload = { ...upload, parcels: this.#joined(before, upload) };
    trade.uploadedAt = clock.now();
    this.#hasShipped = true;
    if (!upload.isFinal) return;
    trade.finishedCount += 1;
    if (trade.finishedCount > 1) return;
    this.#schedule(estimatedAt(trade), () => this.receive(trade, AUTOMATIC).then(() => undefined));
    await this.#push(trade, 'trade_manage_order_settlement', settlementFields(trade));
  }

  /** Confirms the receipt and settles the money. @returns the result of the push */
  async receive(trade: Trade, method: 1 | 2 = BY_BUYER): Promise<DeliveryResult | null> {
    if (trade.received || isRefunded(trade)) return null;
    trade.received = { at: this.#world.clock.now(), method };
    return this.#settle(trade);
  }

  /** Limits the payments of the mini-program, and informs the merchant. */
  async limit(limited: boolean): Promise<void> {
    const isNew = limited && !this.limited;
    this.limited = limited;
    const user = this.#world.anyUser();
    if (isNew && user)
      await this.#world.sendEvent(user, 'wxa_trade_controlled', {
        msg: '小程序未接入发货信息管理服务，支付功能已被限制',
      });
  }

  /** Parcels of a split shipment. WeChat does not document whether an upload replaces the list. */
  #joined(before: Upload | undefined, { mode, parcels }: Upload): Upload['parcels'] {
    const appends =
      mode === 2 && before?.mode === 2 && this.#world.faults.takeVariant('upload-shipping', 'split-appends');
    if (!appends) return parcels;
    const numbers = new Set(parcels.map(({ trackingNo }) => trackingNo));
    return [...before.parcels.filter(({ trackingNo }) => !numbers.has(trackingNo)), ...parcels];
  }

  async #settle(trade: Trade): Promise<DeliveryResult | null> {
    const { clock, faults, isInComplaint } = this.#world;
    if (isRefunded(trade) || trade.settledAt !== undefined) return null;
    trade.isHeld =
      isInComplaint(trade.order.terms.outTradeNo) || Boolean(faults.takeVariant('settlement', 'held-for-a-day'));
    if (trade.isHeld) {
      this.#schedule(clock.now() + DAY_MS, () => this.#settle(trade).then(() => undefined));
      return null;
    }
    trade.settledAt = clock.now();
    return this.#push(trade, 'trade_manage_order_settlement', settlementFields(trade));
  }

  async #remind(trade: Trade): Promise<void> {
    if (trade.upload?.isFinal || isRefunded(trade)) return;
    trade.isReminded = true;
    const msg = '订单已超过48小时未发货，请尽快发货';
    await this.#push(trade, 'trade_manage_remind_shipping', { ...orderFields(trade), msg });
  }

  /** WeChat repeats this reminder each day while the mini-program has never shipped anything. */
  async #remindOfApi(user: WechatUser): Promise<void> {
    if (this.#hasShipped || !this.managed) return;
    this.#schedule(this.#world.clock.now() + DAY_MS, () => this.#remindOfApi(user));
    const msg = '你的小程序已有交易，请尽快完成发货信息录入接入';
    await this.#world.sendEvent(user, 'trade_manage_remind_access_api', { msg });
  }

  async #push({ user }: Trade, event: string, fields: XmlFields): Promise<DeliveryResult | null> {
    const { clock, faults, sendEvent } = this.#world;
    if (faults.takeVariant('trade-push', 'no-push')) return null;
    if (faults.takeVariant('trade-push', 'late')) {
      this.#schedule(clock.now() + DAY_MS, () => sendEvent(user, event, fields).then(() => undefined));
      return null;
    }
    const isTwice = faults.takeVariant('trade-push', 'duplicate');
    const result = await sendEvent(user, event, fields);
    return isTwice ? sendEvent(user, event, fields) : result;
  }

  #schedule(atMs: number, run: () => Promise<void>): void {
    this.#world.clock.schedule(atMs, run);
  }
}

/** The refunds of a payment that have arrived (fen). */
export function refundedFen({ refunds }: PayOrder): number {
  return refunds.reduce((sum, refund) => sum + (refundedAt(refund) === undefined ? 0 : refund.terms.refundFen), 0);
}

/** Whether the whole payment was refunded. */
export function isRefunded({ order }: Trade): boolean {
  return refundedFen(order) === order.terms.totalFen;
}

/** When WeChat confirms the receipt by itself. */
export function estimatedAt({ upload, uploadedAt }: Trade): number {
  return uploadedAt + RECEIPT_DAYS[upload?.type ?? 1] * DAY_MS;
}

function isSame(before: Upload, upload: Upload): boolean {
  const content = ({ type, mode, isFinal, parcels }: Upload) => ({ type, mode, isFinal, parcels });
  return isDeepStrictEqual(content(before), content(upload));
}

function isOfOtherKind(before: Upload, upload: Upload): boolean {
  return before.type !== upload.type || before.mode !== upload.mode;
}

function orderFields({ order, payment, mchId }: Trade): XmlFields {
  return {
    transaction_id: payment.transactionId,
    merchant_id: mchId,
    merchant_trade_no: order.terms.outTradeNo,
    pay_time: seconds(payment.paidAt),
  };
}

function settlementFields(trade: Trade): XmlFields {
  const { received, settledAt, uploadedAt } = trade;
  return {
    ...orderFields(trade),
    shipped_time: seconds(uploadedAt),
    ...(received && settledAt !== undefined
      ? {
          confirm_receive_method: received.method,
          confirm_receive_time: seconds(received.at),
          settlement_time: seconds(settledAt),
        }
      : { estimated_settlement_time: seconds(estimatedAt(trade)) }),
  };
}

function seconds(atMs: number): number {
  return Math.floor(atMs / 1_000);
}
