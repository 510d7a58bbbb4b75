import { AppError } from '../core/errors.ts';
import { cutUtf8, PLAIN_TEXT } from '../core/utf8.ts';
import type { Price } from '../store/prices.ts';

/** The requested purchase. `amountFen` is required for a price range. */
export interface Purchase {
  sku: string;
  quantity?: number | undefined;
  amountFen?: number | undefined;
}

/**
 * Maximum length of a description, in bytes of UTF-8. The pages document characters; WeChat Pay counts bytes.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791856
 */
export const DESCRIPTION_BYTES = 127;
const ATTACH_BYTES = 127;

/**
 * Returns the amount of a purchase, and its description on the payment sheet.
 * @throws PARAM_ERROR when the amount differs from a fixed price, or the sku has a price range, and the amount is missing
 * or outside the range or the quantity is not 1
 */
export function priceOf(price: Price, purchase: Purchase): { description: string; amountFen: number } {
  const { quantity = 1, amountFen } = purchase;
  if ('unitFen' in price) {
    const fixedFen = price.unitFen * quantity;
    if (amountFen !== undefined && amountFen !== fixedFen) {
      throw new AppError('PARAM_ERROR', `amountFen must be ${fixedFen}, the price of this quantity, or absent`);
    }
    return { description: describe(price.description, quantity), amountFen: fixedFen };
  }
  if (amountFen === undefined || amountFen < price.minFen || amountFen > price.maxFen || quantity !== 1) {
    throw new AppError('PARAM_ERROR', `amountFen must be ${price.minFen} to ${price.maxFen}, and quantity must be 1`);
  }
  return { description: describe(price.description, 1), amountFen };
}

/**
 * Rejects a text that WeChat Pay would reject. API v2 permits 127 bytes, API v3 one more.
 * @throws PARAM_ERROR
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935214
 */
export function assertAttach(attach: string): void {
  const bytes = Buffer.byteLength(attach);
  if (bytes <= ATTACH_BYTES && PLAIN_TEXT.test(attach)) return;
  throw new AppError(
    'PARAM_ERROR',
    `attach must have at most ${ATTACH_BYTES} bytes of UTF-8 (it has ${bytes}), no emoji and no control characters`,
  );
}

function describe(description: string, quantity: number): string {
  const suffix = quantity === 1 ? '' : ` x${quantity}`;
  return cutUtf8(description, DESCRIPTION_BYTES - suffix.length) + suffix;
}
