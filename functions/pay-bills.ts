import { reconcile, type Reconciled } from '../lib/reconciliation/reconcile.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadReconciliation } from '../lib/wiring/reconciliation.ts';

const load = fresh(loadReconciliation);

export const handler = async (input: unknown): Promise<Reconciled> => reconcile(await load(), input);
