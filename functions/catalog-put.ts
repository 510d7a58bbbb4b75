import { loadTable } from '../lib/deps.ts';
import { once } from '../lib/once.ts';
import { putCatalog } from '../lib/pay/catalog.ts';

const deps = once(loadTable);

export const handler = async (input: unknown): Promise<{ stored: number }> => putCatalog(await deps(), input);
