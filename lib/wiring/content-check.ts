import { addressSetting, badSetting, settings, variable } from '../core/config.ts';
import { runtime, type Runtime } from '../core/runtime.ts';
import type { ConcludeDeps } from '../content-check/conclude.ts';
import type { CheckDeps } from '../content-check/new-check.ts';
import { decideUpload } from '../uploads/decide-upload.ts';
import { loadMiniapp } from './apps.ts';
import { loadFiles } from './files.ts';
import { loadBoth } from './merge.ts';
import { loadTable, type Stored } from './table.ts';

/**
 * Loads the dependencies of content checks. A team's own functions load them with this loader.
 * @returns undefined while CONTENT_CHECK is off, and without a mini-program; no secret is read then
 * @throws NOT_CONFIGURED
 */
export async function loadContentCheck(outside: Runtime = runtime): Promise<CheckDeps | undefined> {
  const { CONTENT_CHECK: check } = settings('CONTENT_CHECK');
  if (check !== 'on' && check !== 'off') throw badSetting('CONTENT_CHECK', 'must be on or off');
  return check === 'on' && variable('MINIAPP_APP_ID') ? loadContentSweep(outside) : undefined;
}

/**
 * Loads the dependencies of the sweep of content checks.
 * @throws NOT_CONFIGURED
 */
export function loadContentSweep(outside: Runtime = runtime): Promise<CheckDeps> {
  return loadBoth(loadMiniapp(outside), loadVerdicts(outside));
}

/**
 * Loads the dependencies of decisions about content. The bucket is opened for the decision about an upload only.
 * @throws NOT_CONFIGURED
 */
export async function loadVerdicts(outside: Runtime = runtime): Promise<Stored & ConcludeDeps> {
  const stored = await loadTable(outside);
  return {
    ...stored,
    decideUpload: async (upload, decision) => {
      const { files } = await loadFiles(outside);
      const publicBaseUrl = addressSetting('PUBLIC_BASE_URL');
      await decideUpload({ ...stored, files, publicBaseUrl }, upload, decision);
    },
  };
}
