import { loadSweep } from '../lib/deps-pay.ts';
import { once } from '../lib/once.ts';
import { sweep, type Sweep } from '../lib/pay/sweep.ts';

const deps = once(loadSweep);

export const handler = async (): Promise<Sweep> => sweep(await deps());
