import { sweep, type Sweep } from '../lib/pay/sweep.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadSweep } from '../lib/wiring/pay.ts';

const load = fresh(loadSweep);

export const handler = async (input: unknown): Promise<Sweep> => sweep(await load(), input);
