// The checks of the property test of a shop (test/integration/shop-year.test.ts). Each returns what is wrong.
import { readComplaint } from '../../lib/store/complaints.ts';
import { readOrder } from '../../lib/store/orders.ts';
import { readShipment, type Shipment } from '../../lib/store/shipments.ts';
import { AMOUNT, type ShopWorld } from './shop-world.ts';
import type { MerchantOrder } from './trade-controls.ts';
import type { Person } from './world.ts';

/** One order of a life. */
export interface Sale {
  outTradeNo: string;
  person: Person;
  /** Whether the consumer of order.paid has worked. */
  isStarted: boolean;
  /** The shipment as an earlier check read it. */
  past?: Shipment | undefined;
  /** Number of requested refunds. */
  refunds: number;
}

const STATES: Shipment['state'][] = ['to-ship', 'shipped', 'received', 'settled'];
/** States of an order at WeChat that agree with a state here. A full refund (5) hides the state before it. */
const AGREEING: Record<Shipment['state'], number[]> = {
  'to-ship': [1, 2, 3, 4, 5, 6],
  shipped: [2, 3, 4, 5, 6],
  received: [3, 4, 5, 6],
  settled: [4, 5],
};

/** Returns what does not hold, although it must hold at every moment. */
export async function findUnsound(world: ShopWorld, sales: Sale[]): Promise<string[]> {
  const merchant = await world.merchantOrders();
  const findings: string[] = [];
  for (const sale of sales) {
    const { outTradeNo, past } = sale;
    const shipment = await readShipment(world.table, outTradeNo, 'strong');
    sale.past = shipment ?? past;
    if (!shipment) continue;
    const { orderState = 0 } = merchant.get(outTradeNo)?.shipping ?? {};
    if (!AGREEING[shipment.state].includes(orderState))
      findings.push(`${outTradeNo} is ${shipment.state}, but ${orderState} at WeChat`);
    if (past && STATES.indexOf(shipment.state) < STATES.indexOf(past.state))
      findings.push(`${outTradeNo} went back from ${past.state} to ${shipment.state}`);
    if (past?.isCorrected && !shipment.isCorrected) findings.push(`${outTradeNo} lost its correction`);
  }
  return findings;
}

/** Returns where the ledger and WeChat differ in the end, and money that is held without a reason. */
export async function findDisagreements(world: ShopWorld, sales: Sale[]): Promise<string[]> {
  const [merchant, complaints] = [await world.merchantOrders(), await world.complaints()];
  const own = complaints.filter(({ outTradeNo }) => sales.some((sale) => sale.outTradeNo === outTradeNo));
  const findings: string[] = [];
  for (const { outTradeNo } of sales) {
    const theirs = merchant.get(outTradeNo);
    if (theirs?.transactionId === undefined) continue;
    const inComplaint = own.some((known) => known.outTradeNo === outTradeNo && known.state !== 'PROCESSED');
    const found = await compareOrder(world, theirs, inComplaint);
    findings.push(...found.map((finding) => `${outTradeNo} ${finding}`));
  }
  for (const { complaintId, state } of own) {
    const stored = (await readComplaint(world.table, complaintId, 'strong'))?.details?.state;
    if (stored !== state) findings.push(`complaint ${complaintId} is ${stored}, but ${state} at WeChat`);
  }
  return findings;
}

async function compareOrder(world: ShopWorld, theirs: MerchantOrder, inComplaint: boolean): Promise<string[]> {
  const { outTradeNo, frozenFen, settledFen, transactionId } = theirs;
  const order = (await readOrder(world.table, outTradeNo))!;
  const shipment = await readShipment(world.table, outTradeNo, 'strong');
  const backFen = theirs.refunds.reduce(
    (sum, { status, amountFen }) => sum + (status === 'SUCCESS' ? amountFen : 0),
    0,
  );
  if (!shipment) return ['has no shipment'];
  const rules: [boolean, string][] = [
    [frozenFen + settledFen + backFen === AMOUNT, 'has a fen in no place or in two'],
    [order.refundedFen === backFen && order.refundingFen === 0, `has ${order.refundedFen} refunded, not ${backFen}`],
    [order.transactionId === transactionId, 'has another payment'],
    [settledFen === 0 || shipment.state === 'settled', `is ${shipment.state} although it is settled`],
    [frozenFen === 0 || shipment.refundedAt === undefined, 'counts as refunded although money is held'],
    [frozenFen === 0 || isHeldForReason(theirs, shipment, inComplaint), 'is held without a reason'],
    [backFen < AMOUNT || shipment.refundedAt !== undefined || shipment.state === 'settled', 'does not end as refunded'],
    [hasSameParcels(theirs, shipment) || backFen === AMOUNT, 'has other parcels'],
  ];
  return rules.filter(([holds]) => !holds).map(([, finding]) => finding);
}

/** Whether WeChat holds the money because the order is not shipped, or because of a complaint. */
function isHeldForReason({ shipping }: MerchantOrder, { state }: Shipment, inComplaint: boolean): boolean {
  return state === 'to-ship' ? shipping?.isFinal !== true : inComplaint;
}

function hasSameParcels({ shipping }: MerchantOrder, { state, delivery, parcels, uploadAtMs }: Shipment): boolean {
  // An order that was shipped by hand and settled at once has parcels that only WeChat has.
  if (state === 'to-ship' || uploadAtMs === undefined) return true;
  const numbersOf = (list: { trackingNo?: string }[] = []) =>
    list
      .flatMap(({ trackingNo }) => trackingNo ?? [])
      .toSorted()
      .join(' ');
  return delivery === shipping?.delivery && numbersOf(parcels) === numbersOf(shipping.parcels);
}
