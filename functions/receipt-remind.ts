import { operatorFunction } from '../lib/core/wechat-words.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { remindReceipt } from '../lib/shipping/remind-receipt.ts';
import type { ShippedOrder } from '../lib/shipping/ship-order.ts';
import { loadReceiptReminder } from '../lib/wiring/shipping.ts';

const load = fresh(loadReceiptReminder);

export const handler = operatorFunction(async (input): Promise<ShippedOrder> => remindReceipt(await load(), input));
