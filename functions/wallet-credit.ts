import { once } from '../lib/core/once.ts';
import { consumer } from '../lib/events/consumer.ts';
import { creditTopUp, takeBackTopUp } from '../lib/wallet/book.ts';
import { loadTable, patient } from '../lib/wiring/table.ts';

const load = once(async () => patient(await loadTable()));

export const handler = consumer({
  'order.paid': async (event) => creditTopUp(await load(), event),
  'order.refunded': async (event) => takeBackTopUp(await load(), event),
});
