import { operatorFunction } from '../lib/core/wechat-words.ts';
import { reconcile, type Reconciled } from '../lib/reconciliation/reconcile.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadReconciliation } from '../lib/wiring/reconciliation.ts';

const load = fresh(loadReconciliation);

export const handler = operatorFunction(async (input): Promise<Reconciled> => reconcile(await load(), input));
