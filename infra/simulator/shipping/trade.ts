import { isDeepStrictEqual } from 'node:util';
import type { DeliveryResult } from '../deliver.ts';
import type { PayOrder } from '../pay/ledger.ts';
import { PlatformError } from '../platform/error.ts';
import type { WechatUser } from '../wechat-users.ts';
import { AUTOMATIC, BY_BUYER, estimatedAt, isRefunded, newTrade, stateOf, TO_SHIP } from './trade-order.ts';
import type { ReceiptMethod, SpecialOrder, Trade } from './trade-order.ts';
import { TradePushes } from './trade-pushes.ts';
import type { PushWorld } from './trade-pushes.ts';
import type { Upload } from './upload.ts';

interface TradeWorld extends PushWorld {
  /** The mini-program, and the merchant that is bound to it. */
  appId: string;
  mchId: string;
  isInComplaint: (outTradeNo: string) => boolean;
  /** Any user: pushes of the platform are about no user, but the list of pushes is kept per user. */
  anyUser: () => WechatUser | undefined;
}

const DAY_MS = 86_400_000;
const SHIPS_WITHIN_MS = 2 * DAY_MS;

/**
 * The order shipping management: holds the money of payments in the mini-program until the order was shipped and received.
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/order-shipping/order-shipping
 */
export class TradeManagement {
  managed = true;
  /** Whether WeChat has limited the payments of the mini-program. */
  limited = false;
  /** Time after a payment in which no call of the management finds it (ms). */
  knownAfterMs = 2_000;
  /** The pages behind the shipping message and the order list. */
  messagePath = '';
  orderDetailPath = '';
  readonly #world: TradeWorld;
  readonly #pushes: TradePushes;
  readonly #trades = new Map<PayOrder, Trade>();
  #hasShipped = false;

  constructor(world: TradeWorld) {
    this.#world = world;
    this.#pushes = new TradePushes(world);
  }

  /** Oldest first. */
  all(): Trade[] {
    return [...this.#trades.values()];
  }

  of(order: PayOrder): Trade | undefined {
    return this.#trades.get(order);
  }

  /** Whether WeChat refuses payments of the order. */
  isLimited(order: PayOrder): boolean {
    return this.limited && this.#isOfMiniapp(order);
  }

  /** Takes in a payment. The money of a payment that is not managed is settled at once. */
  async paid(order: PayOrder, user: WechatUser): Promise<void> {
    const { payment } = order;
    if (!this.managed || !payment || !this.#isOfMiniapp(order)) return;
    const trade = newTrade({ order, payment, user, mchId: this.#world.mchId });
    this.#trades.set(order, trade);
    this.#schedule(payment.paidAt + SHIPS_WITHIN_MS, () => this.#remind(trade));
    if (this.#trades.size === 1) await this.#remindOfApi(user);
  }

  /** Finds a payment under trade management, by either number. @throws PlatformError */
  find(key: Upload['key']): Trade {
    const trade = this.known().find(({ order, payment }) =>
      'transactionId' in key
        ? payment.transactionId === key.transactionId
        : order.terms.outTradeNo === key.outTradeNo && key.mchId === this.#world.mchId,
    );
    if (!trade) throw new PlatformError(10060001);
    return trade;
  }

  /** The payments under trade management, oldest first. A new payment appears after `knownAfterMs`. */
  known(): Trade[] {
    const now = this.#world.clock.now();
    return this.all().filter(({ payment }) => now - payment.paidAt >= this.knownAfterMs);
  }

  /** Takes in the shipping information of one payment or of several: of all or of none. @throws PlatformError */
  async upload(...uploads: Upload[]): Promise<void> {
    const accepted = uploads.map((upload) => ({ upload, trade: this.#accept(upload) }));
    for (const { trade, upload } of accepted) await this.#ship(trade, upload);
  }

  /** Takes in that an order is a presale or a test order, which is not shipped yet. */
  report(trade: Trade, special: SpecialOrder): void {
    if (stateOf(trade) !== TO_SHIP) throw new PlatformError(268546002);
    trade.special = special;
    if (special.kind === 'presale') this.#schedule(special.shipsAt, () => this.#remind(trade));
  }

  /** Confirms the receipt and settles the money. @returns the result of the push */
  async receive(trade: Trade, method: ReceiptMethod = BY_BUYER): Promise<DeliveryResult | null> {
    if (trade.received || isRefunded(trade)) return null;
    trade.received = { at: this.#world.clock.now(), method };
    return this.#settle(trade);
  }

  /** Puts the mini-program under the management, or takes it out. */
  async manage(managed: boolean): Promise<void> {
    const joins = managed && !this.managed;
    this.managed = managed;
    const user = this.#world.anyUser();
    if (joins && user) await this.#pushes.remindOfApi(user);
  }

  /** Limits the payments of the mini-program, and informs the merchant. */
  async limit(limited: boolean): Promise<void> {
    const isNew = limited && !this.limited;
    this.limited = limited;
    const user = this.#world.anyUser();
    if (isNew && user) await this.#pushes.limited(user);
  }

  #isOfMiniapp({ terms }: PayOrder): boolean {
    return terms.appId === this.#world.appId && terms.tradeType === 'JSAPI';
  }

  /** Checks an upload against the shipping information before it. @returns the trade of the payment */
  #accept(upload: Upload): Trade {
    const { faults } = this.#world;
    const trade = this.find(upload.key);
    if (faults.takeVariant('upload-shipping', 'unknown-payment')) throw new PlatformError(10060001);
    if (upload.openId !== trade.payment.openId) throw new PlatformError(10060031);
    if (isRefunded(trade) || trade.received) throw new PlatformError(10060004);
    if (faults.takeVariant('upload-shipping', 'already-shipped')) throw new PlatformError(10060002);
    const { upload: before } = trade;
    if (!before) return trade;
    if (isSame(before, upload)) throw new PlatformError(10060023);
    if (upload.uploadedAt <= before.uploadedAt) throw new PlatformError(10060014);
    if (before.isFinal && !upload.isFinal) throw new PlatformError(10060002);
    if (isCorrection(before, upload) && trade.isCorrected) throw new PlatformError(10060003);
    return trade;
  }

  async #ship(trade: Trade, upload: Upload): Promise<void> {
    const { upload: before } = trade;
    trade.isCorrected ||= before !== undefined && isCorrection(before, upload);
    trade.upload = { ...upload, parcels: this.#joined(before, upload) };
    trade.uploadedAt = this.#world.clock.now();
    this.#hasShipped = true;
    if (!upload.isFinal) return;
    trade.finishedCount += 1;
    this.#schedule(estimatedAt(trade), () => this.#receiveByItself(trade));
    if (trade.finishedCount === 1) await this.#pushes.settlement(trade);
  }

  /** Parcels of a split shipment. WeChat does not document whether an upload replaces the list. */
  #joined(before: Upload | undefined, { mode, parcels }: Upload): Upload['parcels'] {
    const appends =
      mode === 2 && before?.mode === 2 && this.#world.faults.takeVariant('upload-shipping', 'split-appends');
    if (!appends) return parcels;
    const numbers = new Set(parcels.map(({ trackingNo }) => trackingNo));
    return [...before.parcels.filter(({ trackingNo }) => !numbers.has(trackingNo)), ...parcels];
  }

  /** A correction has moved the time of a receipt that was scheduled before it. */
  async #receiveByItself(trade: Trade): Promise<void> {
    if (this.#world.clock.now() >= estimatedAt(trade)) await this.receive(trade, AUTOMATIC);
  }

  async #settle(trade: Trade): Promise<DeliveryResult | null> {
    const { clock, faults, isInComplaint } = this.#world;
    if (isRefunded(trade) || trade.settledAt !== undefined) return null;
    trade.isHeld = isInComplaint(trade.order.terms.outTradeNo) || faults.takeVariant('settlement', 'held-for-a-day');
    if (trade.isHeld) {
      this.#schedule(clock.now() + DAY_MS, () => this.#settle(trade));
      return null;
    }
    trade.settledAt = clock.now();
    return this.#pushes.settlement(trade);
  }

  /** WeChat sends this reminder to mini-programs that have shipped before. Others get the reminder of the API. */
  async #remind(trade: Trade): Promise<void> {
    const { special } = trade;
    if (stateOf(trade) !== TO_SHIP || special?.kind === 'test') return;
    if (special && this.#world.clock.now() < special.shipsAt) return;
    if (!this.#hasShipped) return;
    trade.isReminded = true;
    await this.#pushes.remindOfShipping(trade);
  }

  /** WeChat repeats this reminder each day while the mini-program has never shipped anything. */
  async #remindOfApi(user: WechatUser): Promise<void> {
    if (this.#hasShipped) return;
    this.#schedule(this.#world.clock.now() + DAY_MS, () => this.#remindOfApi(user));
    if (this.managed) await this.#pushes.remindOfApi(user);
  }

  #schedule(atMs: number, run: () => Promise<unknown>): void {
    this.#world.clock.schedule(atMs, async () => void (await run()));
  }
}

/** Whether an upload is the one correction: it ships a shipped order again, or changes the mode or the kind. */
function isCorrection(before: Upload, upload: Upload): boolean {
  return before.isFinal || before.type !== upload.type || before.mode !== upload.mode;
}

function isSame(before: Upload, upload: Upload): boolean {
  const content = ({ type, mode, isFinal, parcels }: Upload) => ({ type, mode, isFinal, parcels });
  return isDeepStrictEqual(content(before), content(upload));
}
