import { AppError } from '../core/errors.ts';
import type { Price } from '../store/prices.ts';

/** The requested purchase. `amountFen` is used only if the catalogue has a price range. */
export interface Purchase {
  sku: string;
  quantity?: number | undefined;
  amountFen?: number | undefined;
}

/**
 * Maximum length of a description, in characters.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791856
 */
const DESCRIPTION_LENGTH = 127;

/**
 * Returns the amount of a purchase, and its description on the payment sheet.
 * @throws PARAM_ERROR when the sku has a price range, and the amount is missing or outside the range or the quantity is
 * not 1
 */
export function priceOf(price: Price, purchase: Purchase): { description: string; amountFen: number } {
  const { quantity = 1 } = purchase;
  if ('unitFen' in price) {
    const amountFen = price.unitFen * quantity;
    return { description: describe(price.description, quantity), amountFen };
  }
  const { amountFen } = purchase;
  if (amountFen === undefined || amountFen < price.minFen || amountFen > price.maxFen || quantity !== 1) {
    throw new AppError('PARAM_ERROR', `amountFen must be ${price.minFen} to ${price.maxFen}, and quantity must be 1`);
  }
  return { description: describe(price.description, 1), amountFen };
}

function describe(description: string, quantity: number): string {
  const suffix = quantity === 1 ? '' : ` x${quantity}`;
  return description.slice(0, DESCRIPTION_LENGTH - suffix.length) + suffix;
}
