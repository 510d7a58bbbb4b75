import { loadBills } from '../lib/deps-pay.ts';
import { reconcile, type Reconciled } from '../lib/pay/bills/reconcile.ts';
import { fresh } from '../lib/secrets/fresh.ts';

const deps = fresh(loadBills);

export const handler = async (input: unknown): Promise<Reconciled> => reconcile(await deps(), input);
