// The switches of the order shipping management, and shipments that the merchant enters by hand.
import { readFlag, readInteger, readOptionalText, readText } from '../control-body.ts';
import type { ControlBody } from '../control-body.ts';
import { ControlError, controlParamError } from '../control-error.ts';
import { PlatformError } from '../platform/error.ts';
import type { World } from '../world.ts';
import { describeShipping } from './describe-trade.ts';
import type { TradeManagement } from './trade.ts';
import { DELIVERIES } from './upload.ts';
import type { DeliveryType } from './upload.ts';

/** The calls of the console, for `GET /`. */
export const tradeConsoleCalls = {
  'GET /_merchant/trade': 'the switches of the order shipping management, and the pages that the merchant has set',
  'POST /_merchant/trade':
    '{managed?, limited?, knownAfterMs?}: payments are held until receipt; WeChat limits payments; time after a payment in ' +
    'which no call finds it',
  'POST /_merchant/shipping':
    '{outTradeNo, delivery?: "express" | "same-city" | "virtual" | "pickup", carrier?, trackingNo?}: ships by hand',
};

/** Changes the given switches. */
export async function changeTrade(trade: TradeManagement, body: ControlBody): Promise<void> {
  const knownAfterMs = readInteger(body, 'knownAfterMs', trade.knownAfterMs);
  if (knownAfterMs < 0) throw controlParamError('knownAfterMs must be 0 or more');
  trade.knownAfterMs = knownAfterMs;
  await trade.manage(readFlag(body, 'managed', trade.managed));
  await trade.limit(readFlag(body, 'limited', trade.limited));
}

/** Ships an order by hand, as in the console of the mini-program. */
export async function shipByHand({ trade, pay }: World, body: ControlBody): Promise<object | null> {
  const { payment } = pay.orders.find(readText(body, 'outTradeNo'));
  const found = trade.all().find((one) => one.payment === payment);
  if (!found) throw new ControlError(409, 'NOT_HELD', 'WeChat holds no money of this order');
  const delivery = readOptionalText(body, 'delivery') ?? 'express';
  const type = (Object.keys(DELIVERIES) as unknown as DeliveryType[]).find((one) => DELIVERIES[one] === delivery);
  if (!type) throw controlParamError(`delivery must be one of ${Object.values(DELIVERIES).join(', ')}`);
  const carrier = readOptionalText(body, 'carrier') ?? 'STO';
  const trackingNo = readOptionalText(body, 'trackingNo') ?? '773000000000001';
  const goods = found.order.terms.description;
  try {
    await trade.upload({
      key: { transactionId: found.payment.transactionId },
      type: Number(type) as DeliveryType,
      mode: 1,
      isFinal: true,
      parcels: [delivery === 'express' ? { carrier, trackingNo, goods } : { goods }],
      uploadedAt: Math.max(Date.now(), (found.upload?.uploadedAt ?? 0) + 1),
      openId: found.payment.openId,
    });
  } catch (error) {
    if (error instanceof PlatformError) throw new ControlError(409, String(error.errcode), error.message);
    throw error;
  }
  return describeShipping(found);
}
