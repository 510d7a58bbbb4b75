// Changes of shipments, complaints and limits of payments, for from-record.test.ts.
import type { DynamoDBRecord } from 'aws-lambda';
import { keys } from '../../../../lib/store/keys.ts';
import { recordOf } from '../../../support/stream-records.ts';

const USER = 'k3v9x2m7q1w8z4t6';
const NO = `${USER}01jd5m2x8r4v7c9q`;
const [PAID_AT, SHIPPED_AT, RECEIVED_AT, SETTLED_AT] = [20, 21, 24, 25].map((day) => `2026-11-${day}T03:12:44.000Z`);

const parcel = { carrier: 'STO', trackingNo: '7730' };
const contact = { receiver: '+86-177****1234' };
const toShip = {
  outTradeNo: NO,
  sku: 'coffee',
  amountFen: 1_800,
  revision: 1,
  state: 'to-ship',
  delivery: 'express',
  parcels: [],
  paidAt: PAID_AT,
};
const shipped = {
  ...toShip,
  state: 'shipped',
  parcels: [{ ...parcel, description: '咖啡', contact }],
  shippedAt: SHIPPED_AT,
};
const received = { ...shipped, state: 'received', receivedAt: RECEIVED_AT };
const settled = { ...received, state: 'settled', settledAt: SETTLED_AT };
const ofShipment = (before: object | undefined, after: object | undefined) =>
  recordOf(keys.shipment(NO), before, after);

const limit = { appId: 'wx1', pushId: 'p-3', message: '支付功能已被限制', verified: true, at: PAID_AT };
const ofLimit = (before: object | undefined, change: object = {}) =>
  recordOf(keys.payLimit('wx1', 'p-3'), before, { ...limit, seenAt: PAID_AT, expiresAt: 1, ...change });

const complained = { outTradeNo: NO, transactionId: '4200000001', amountFen: 1_800 };
const details = {
  state: 'PENDING',
  complainedAt: PAID_AT,
  mchId: '1900000001',
  orders: [complained],
  buyerWaits: true,
  isRefundedInFull: false,
  problemType: 'REFUND',
  refundFen: 1_800,
  times: 1,
  inPlatformService: false,
};
const reported = { complaintId: 'c-1', revision: 1, reportedAt: PAID_AT };
const ofComplaint = (before: object | undefined, after: object) =>
  recordOf(keys.complaint('c-1'), before, { ...reported, ...after });

const order = { outTradeNo: NO, userId: USER, sku: 'coffee', amountFen: 1_800 };

/** A change by a report of the settlement, after the reports of the earlier states were lost. */
export const SETTLED_AT_ONCE = ofShipment(toShip, settled);

/** Changes that publish an event, with the id and the data of the event. */
export const SHIPPING_EVENTS: [string, DynamoDBRecord, string, object][] = [
  [
    'a shipped order',
    ofShipment({ ...toShip, attach: 'table 7' }, { ...shipped, attach: 'table 7' }),
    `order.shipped:${NO}`,
    { ...order, attach: 'table 7', delivery: 'express', parcels: [parcel], shippedAt: SHIPPED_AT },
  ],
  [
    'a shipped order without parcels',
    ofShipment(toShip, { ...shipped, delivery: 'virtual', parcels: [] }),
    `order.shipped:${NO}`,
    { delivery: 'virtual', parcels: [] },
  ],
  ['a received order', ofShipment(shipped, received), `order.received:${NO}`, { ...order, receivedAt: RECEIVED_AT }],
  ['a settled order', ofShipment(received, settled), `order.settled:${NO}`, { ...order, settledAt: SETTLED_AT }],
  ['a notice of limited payments', ofLimit(undefined), 'payment.limited:wx1:p-3', limit],
  [
    'a notice of limited payments in plain mode, without a sentence',
    ofLimit(undefined, { verified: false, message: '' }),
    'payment.limited:wx1:p-3',
    { verified: false, message: '' },
  ],
  [
    'a complaint whose details are known',
    ofComplaint(reported, { details, ownOrderNos: [NO] }),
    'payment.complained:c-1',
    { complaintId: 'c-1', ...complained, userId: USER, problemType: 'REFUND', refundFen: 1_800, complainedAt: PAID_AT },
  ],
  [
    'a complaint about an order of another system',
    ofComplaint(reported, { details: { ...details, orders: [{ ...complained, outTradeNo: 'ERP-1' }] } }),
    'payment.complained:c-1',
    { outTradeNo: 'ERP-1' },
  ],
  [
    'a complaint about an order whose number has our format, but which the ledger lacks',
    ofComplaint(reported, { details, ownOrderNos: [] }),
    'payment.complained:c-1',
    { outTradeNo: NO, userId: undefined },
  ],
  [
    'a complaint without an order',
    ofComplaint(reported, { details: { ...details, orders: [] } }),
    'payment.complained:c-1',
    { complaintId: 'c-1', complainedAt: PAID_AT },
  ],
];

/** Changes without an event. */
export const SILENT_SHIPPING: [string, DynamoDBRecord][] = [
  ['a new shipment', ofShipment(undefined, toShip)],
  ['a shipment with a part of the parcels', ofShipment(toShip, { ...toShip, parcels: [parcel] })],
  ['a corrected shipment', ofShipment(shipped, { ...shipped, shippedAt: SETTLED_AT, isCorrected: true })],
  ['a shipment that is refunded', ofShipment(toShip, { ...toShip, refundedAt: SETTLED_AT })],
  ['a deleted shipment', ofShipment(toShip, undefined)],
  ['a repeated notice of limited payments', ofLimit(limit)],
  ['a complaint whose details are not known', ofComplaint(undefined, {})],
  [
    'a complaint that is answered',
    ofComplaint({ ...reported, details }, { details: { ...details, state: 'PROCESSING' } }),
  ],
];
