import { runtime, type Runtime } from '../core/runtime.ts';
import type { PublishDeps } from '../pay/publish-goods.ts';
import { virtualGoodsApi } from '../wechat-pay/virtual/goods.ts';
import { readVirtualEnv } from '../wechat-pay/virtual/settings.ts';
import { loadTable } from './table.ts';
import { hasVirtualPay, virtualLoader } from './virtual-pay.ts';

/**
 * Loads the dependencies of the operator function that stores prices. The credentials are loaded for the first virtual good
 * that must be published.
 * @throws NOT_CONFIGURED
 */
export async function loadCatalogPut(outside: Runtime = runtime): Promise<PublishDeps> {
  const load = virtualLoader(outside);
  const loadGoodsApi = async () => virtualGoodsApi((await load())(outside.send));
  const virtualPay = hasVirtualPay() ? { env: readVirtualEnv(), loadGoodsApi } : undefined;
  return { ...(await loadTable(outside)), virtualPay };
}
