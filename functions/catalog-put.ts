import { loadTable } from '../lib/wiring/deps.ts';
import { once } from '../lib/core/once.ts';
import { putCatalog } from '../lib/pay/catalog.ts';

const deps = once(loadTable);

export const handler = async (input: unknown): Promise<{ stored: number }> => putCatalog(await deps(), input);
