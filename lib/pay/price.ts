import { AppError } from '../core/errors.ts';
import type { Price } from '../store/prices.ts';

/** The requested purchase. `amountFen` counts only where the catalogue leaves the amount to the buyer. */
export interface Purchase {
  sku: string;
  quantity?: number | undefined;
  amountFen?: number | undefined;
}

/** WeChat shows at most 127 characters (pay 2.1). */
const DESCRIPTION_LENGTH = 127;

/** Returns the catalogue's price of a purchase, and its description on the payment sheet. @throws PARAM_ERROR */
export function priceOf(price: Price, purchase: Purchase): { description: string; amountFen: number } {
  const { quantity = 1 } = purchase;
  if ('unitFen' in price) {
    const amountFen = price.unitFen * quantity;
    return { description: describe(price.description, quantity), amountFen };
  }
  const { amountFen } = purchase;
  if (amountFen === undefined || amountFen < price.minFen || amountFen > price.maxFen || quantity !== 1) {
    throw new AppError('PARAM_ERROR', `amountFen must be from ${price.minFen} to ${price.maxFen}, quantity 1`);
  }
  return { description: describe(price.description, 1), amountFen };
}

function describe(description: string, quantity: number): string {
  const suffix = quantity === 1 ? '' : ` x${quantity}`;
  return description.slice(0, DESCRIPTION_LENGTH - suffix.length) + suffix;
}
