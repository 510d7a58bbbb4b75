// The rules for the bodies of the server calls.
import { isRecord } from '../http.ts';
import { PlatformError } from '../platform/error.ts';
import type { NewGood } from './goods.ts';
import type { OrderKey } from './orders.ts';
import type { RefundRequest } from './refunds.ts';

export type Body = Record<string, unknown>;

const GOOD_ID = /^[A-Za-z0-9_-]{1,64}$/;
const REFUND_ORDER_ID = /^[A-Za-z0-9_-]{8,32}$/;

/** Reads the number of an order or a refund. @throws PlatformError 268490002 */
export function readKey({ order_id: orderId, wx_order_id: wxOrderId }: Body): OrderKey {
  if (isText(orderId, 64)) return { orderId };
  if (isText(wxOrderId, 64)) return { wxOrderId };
  throw new PlatformError(268490002);
}

/**
 * Reads the terms of a refund. @throws PlatformError 268490002
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_refund_order
 */
export function readRefund(body: Body): RefundRequest {
  const { refund_order_id: refundOrderId, left_fee: leftFen, refund_fee: amountFen, biz_meta: meta = '' } = body;
  const isKnown =
    typeof refundOrderId === 'string' &&
    REFUND_ORDER_ID.test(refundOrderId) &&
    typeof meta === 'string' &&
    Buffer.byteLength(meta) <= 1_024 &&
    /^[0-5]$/.test(String(body.refund_reason)) &&
    /^[1-3]$/.test(String(body.req_from));
  if (!isKnown || !Number.isSafeInteger(leftFen) || !Number.isSafeInteger(amountFen))
    throw new PlatformError(268490002);
  return { refundOrderId, leftFen: Number(leftFen), amountFen: Number(amountFen) };
}

/**
 * Reads the one good of an upload. @throws PlatformError 268490002
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_start_upload_goods
 */
export function readGood({ upload_item: items }: Body): NewGood {
  const { id, name, price, remark, item_url: imageUrl } = onlyItem(items);
  const isKnown =
    isGoodId(id) &&
    isText(name, 20) &&
    Number.isSafeInteger(price) &&
    Number(price) > 0 &&
    isText(remark, 1_024) &&
    isText(imageUrl, 1_024) &&
    URL.canParse(imageUrl);
  if (!isKnown) throw new PlatformError(268490002);
  return { id, name, priceFen: Number(price) };
}

/** Reads the id of the one good of a publication. @throws PlatformError 268490002 */
export function readGoodId({ publish_item: items }: Body): string {
  const { id } = onlyItem(items);
  if (!isGoodId(id)) throw new PlatformError(268490002);
  return id;
}

/** A call accepts one good, although its field is a list. */
function onlyItem(items: unknown): Body {
  const [item, ...others] = Array.isArray(items) ? (items as unknown[]) : [];
  if (!isRecord(item) || others.length > 0) throw new PlatformError(268490002);
  return item;
}

function isGoodId(id: unknown): id is string {
  return typeof id === 'string' && GOOD_ID.test(id);
}

function isText(value: unknown, most: number): value is string {
  return typeof value === 'string' && value !== '' && [...value].length <= most;
}
