import { loadBills } from '../lib/deps-pay.ts';
import { once } from '../lib/once.ts';
import { reconcile, type Reconciled } from '../lib/pay/bills/reconcile.ts';

const deps = once(loadBills);

export const handler = async (input: unknown): Promise<Reconciled> => reconcile(await deps(), input);
