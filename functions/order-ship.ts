import { operatorFunction } from '../lib/core/wechat-words.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { shipOrder, type ShippedOrder } from '../lib/shipping/ship-order.ts';
import { loadOrderShip } from '../lib/wiring/shipping.ts';

const load = fresh(loadOrderShip);

export const handler = operatorFunction(async (input): Promise<ShippedOrder> => shipOrder(await load(), input));
