import { once } from '../lib/core/once.ts';
import { putCatalog } from '../lib/pay/catalog.ts';
import { loadTable } from '../lib/wiring/table.ts';

const load = once(loadTable);

export const handler = async (input: unknown): Promise<{ stored: number }> => putCatalog(await load(), input);
