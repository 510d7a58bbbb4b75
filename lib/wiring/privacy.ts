import { addressSetting } from '../core/config.ts';
import { runtime, type Runtime } from '../core/runtime.ts';
import { loadTable, type Stored } from './table.ts';

/**
 * Loads the dependencies of the export of an account.
 * @throws NOT_CONFIGURED
 */
export async function loadAccountExport(outside: Runtime = runtime): Promise<Stored & { publicBaseUrl: string }> {
  return { ...(await loadTable(outside)), publicBaseUrl: addressSetting('PUBLIC_BASE_URL') };
}
