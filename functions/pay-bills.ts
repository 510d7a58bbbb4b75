import { loadBills } from '../lib/wiring/deps-pay.ts';
import { reconcile, type Reconciled } from '../lib/reconciliation/reconcile.ts';
import { fresh } from '../lib/secrets/fresh.ts';

const deps = fresh(loadBills);

export const handler = async (input: unknown): Promise<Reconciled> => reconcile(await deps(), input);
