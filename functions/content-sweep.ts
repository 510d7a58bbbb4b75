import { sweepChecks, type CheckSweep } from '../lib/content-check/sweep-checks.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadContentSweep } from '../lib/wiring/content-check.ts';

const load = fresh(loadContentSweep);

export const handler = async (): Promise<CheckSweep> => sweepChecks(await load());
