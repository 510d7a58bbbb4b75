import { operatorFunction } from '../lib/core/wechat-words.ts';
import { putCatalog, type StoredCatalog } from '../lib/pay/catalog.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadCatalogPut } from '../lib/wiring/catalog.ts';

const load = fresh(loadCatalogPut);

export const handler = operatorFunction(async (input): Promise<StoredCatalog> => putCatalog(await load(), input));
