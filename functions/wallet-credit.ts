import { consumer } from '../lib/events/consumer.ts';
import { loadTable } from '../lib/wiring/deps.ts';
import { once } from '../lib/core/once.ts';
import { creditTopUp, takeBackTopUp } from '../lib/wallet/book.ts';

const deps = once(loadTable);

export const handler = consumer({
  'order.paid': async (event) => creditTopUp(await deps(), event),
  'order.refunded': async (event) => takeBackTopUp(await deps(), event),
});
