import { AppError } from '../core/errors.ts';
import type { Order, TradeType } from '../store/orders.ts';
import { isVirtualGood, stepOf, type Price } from '../store/prices.ts';
import type { Session } from '../store/sessions.ts';
import { sessionKeyMissing } from '../wechat-pay/errors.ts';

/** The settings of the rule about virtual goods. */
export interface VirtualPayRule {
  miniappId: string | undefined;
  /** Whether WeChat exempts the category of the mini-program. */
  isExempt: boolean;
}

interface Choice {
  tradeType: TradeType;
  /** The app in which the client pays. */
  appId: string;
  session: Pick<Session, 'appId' | 'sessionKey'>;
  price: Price;
}

/**
 * Rejects a trade type that WeChat does not permit for the item. Since 2026-04-01, a mini-program sells virtual goods
 * through virtual payment only, on every device. Payments outside of the mini-program are free from this rule.
 * @throws VIRTUAL_PAYMENT_REQUIRED for an ordinary payment of a virtual good in the mini-program
 * @throws PARAM_ERROR for a virtual payment outside of the mini-program, or of another item
 * @throws SESSION_EXPIRED for a virtual payment without a session key
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/virtual-payment.html
 */
export function assertTradeType({ miniappId, isExempt }: VirtualPayRule, choice: Choice): void {
  const { tradeType, appId, session, price } = choice;
  const isInMiniapp = session.appId === miniappId && appId === miniappId;
  if (tradeType === 'VIRTUAL') {
    if (!isInMiniapp) {
      throw new AppError('PARAM_ERROR', 'tradeType: VIRTUAL needs a session of the mini-program, and pays in it');
    }
    if (!isVirtualGood(price)) throw new AppError('PARAM_ERROR', 'tradeType: VIRTUAL sells virtual goods only');
    if (session.sessionKey === undefined) throw sessionKeyMissing();
  }
  if (tradeType === 'JSAPI' && isInMiniapp && isVirtualGood(price) && !isExempt) {
    throw new AppError(
      'VIRTUAL_PAYMENT_REQUIRED',
      'WeChat permits only virtual payment for this item in the mini-program; send tradeType VIRTUAL',
    );
  }
}

/**
 * Returns the goods of a virtual payment: an item of a fixed price in its quantity, or as many steps of a range as the
 * amount has.
 * @throws PARAM_ERROR when the amount is not a multiple of the step
 */
export function goodsOf(price: Price, amountFen: number): NonNullable<Order['goods']> {
  const unitFen = stepOf(price);
  if (amountFen % unitFen !== 0) {
    throw new AppError('PARAM_ERROR', `amountFen must be a multiple of ${unitFen}, the price of the published good`);
  }
  return { productId: price.sku, unitFen, quantity: amountFen / unitFen };
}
