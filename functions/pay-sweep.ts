import { loadSweep } from '../lib/wiring/deps-pay.ts';
import { sweep, type Sweep } from '../lib/pay/sweep.ts';
import { fresh } from '../lib/secrets/fresh.ts';

const deps = fresh(loadSweep);

export const handler = async (): Promise<Sweep> => sweep(await deps());
