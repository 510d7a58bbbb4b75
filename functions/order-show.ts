import { once } from '../lib/core/once.ts';
import { operatorFunction } from '../lib/core/wechat-words.ts';
import { showOrder, type ShownOrder } from '../lib/pay/show-order.ts';
import { loadTable } from '../lib/wiring/table.ts';

const load = once(loadTable);

export const handler = operatorFunction(async (input): Promise<ShownOrder> => showOrder(await load(), input));
