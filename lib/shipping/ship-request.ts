import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { DELIVERIES, type Delivery } from '../core/delivery.ts';
import { AppError } from '../core/errors.ts';
import { orderNumber } from '../core/number-schemas.ts';
import type { Parcel } from '../store/shipments.ts';
import { maskPhone } from './contacts.ts';

/**
 * Parcels of one order.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/order_shipping/
 */
export const MAX_PARCELS = 15;

const text = (maxLength: number) =>
  v.pipe(
    v.string(),
    v.trim(),
    v.minLength(1, 'is empty'),
    v.check((value) => [...value].length <= maxLength, `has more than ${maxLength} characters`),
    v.check((value) => value.isWellFormed() && !/\p{Cc}/u.test(value), 'contains a character that WeChat rejects'),
  );
const PHONE = 'must be a phone number such as 13800001234 or 021-12345678; a mask must leave the last four digits open';
// A default message would contain the received value.
const phone = v.pipe(
  v.string(PHONE),
  v.transform(maskPhone),
  v.check((mask) => mask !== undefined, PHONE),
);

const schema = v.strictObject({
  outTradeNo: orderNumber,
  delivery: v.optional(v.picklist(DELIVERIES, `must be one of ${DELIVERIES.join(', ')}`)),
  parcels: v.optional(
    v.pipe(
      v.array(
        v.strictObject({
          carrier: text(64),
          trackingNo: v.pipe(text(64), v.regex(/^[!-~]+$/, 'must have no spaces, only ASCII characters')),
          description: v.optional(text(120)),
          consignorPhone: v.optional(phone),
          receiverPhone: v.optional(phone),
        }),
      ),
      v.maxLength(MAX_PARCELS, `has more than ${MAX_PARCELS} parcels`),
    ),
    [],
  ),
  final: v.optional(v.boolean(), true),
});

/** A request of an operator to ship an order. Its phone numbers are masked. */
export interface ShipRequest {
  outTradeNo: string;
  /** Absent: the delivery of the order. */
  delivery?: Delivery;
  /** The new parcels. */
  parcels: Parcel[];
  /** Whether the whole order is shipped. */
  isFinal: boolean;
  /** Hash by which a repeated request is recognised. */
  fingerprint: string;
}

/**
 * Reads a request of an operator, and masks its phone numbers.
 * @throws PARAM_ERROR that names every wrong field, and contains no phone number
 */
export function readShipRequest(input: unknown): ShipRequest {
  const parsed = v.safeParse(schema, input);
  if (!parsed.success) throw new AppError('PARAM_ERROR', v.summarize(parsed.issues));
  const { outTradeNo, delivery, final: isFinal } = parsed.output;
  const parcels = parsed.output.parcels.map(({ consignorPhone: consignor, receiverPhone: receiver, ...parcel }) => ({
    ...parcel,
    ...((consignor ?? receiver) !== undefined && {
      contact: { ...(consignor !== undefined && { consignor }), ...(receiver !== undefined && { receiver }) },
    }),
  }));
  const wanted = JSON.stringify([delivery ?? null, parcels, isFinal]);
  const fingerprint = createHash('sha256').update(wanted).digest('base64url').slice(0, 12);
  return { outTradeNo, ...(delivery && { delivery }), parcels, isFinal, fingerprint };
}
