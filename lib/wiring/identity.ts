import { settings, variable } from '../core/config.ts';
import { REQUEST_BUDGET_MS } from '../core/deadline.ts';
import { once } from '../core/once.ts';
import { runtime, type Runtime } from '../core/runtime.ts';
import type { PhoneDeps } from '../identity/bind-phone.ts';
import type { CloseDeps } from '../identity/close-account.ts';
import type { LoginDeps } from '../identity/login-miniapp.ts';
import { readTakeoverPolicy } from '../identity/phone-takeover.ts';
import type { RegisterDeps } from '../identity/register.ts';
import type { ProfileDeps } from '../identity/update-profile.ts';
import { closeAtWechat } from '../pay/check-order.ts';
import { chooseAvatar, deleteReplaced } from '../uploads/avatar.ts';
import { eraseUploads } from '../uploads/erase-uploads.ts';
import { loadApp, loadMiniapp, loadPlatform } from './apps.ts';
import { loadContentCheck } from './content-check.ts';
import { loadFiles } from './files.ts';
import { loadAccountLimit, loadLimited, type Limited } from './limits.ts';
import { loadBoth } from './merge.ts';
import { loadLateOrderClosing } from './pay.ts';
import { loadSessions } from './sessions.ts';

/**
 * Loads the dependencies of the mini-program login.
 * @throws NOT_CONFIGURED
 */
export async function loadLogin(outside: Runtime = runtime): Promise<LoginDeps & Limited> {
  const sessions = await loadBoth(loadSessions(outside), loadLimited('miniapp-login', outside));
  const app = await loadApp('MINIAPP');
  return { ...sessions, ...loadPlatform(outside), app };
}

/**
 * Loads the dependencies of the registration after a scan.
 * @throws NOT_CONFIGURED
 */
export async function loadRegistration(
  outside: Runtime = runtime,
): Promise<RegisterDeps & Limited & { publicBaseUrl: string }> {
  const sessions = await loadBoth(loadSessions(outside), loadLimited('register', outside));
  return { ...sessions, officialAppId: variable('OFFICIAL_APP_ID') };
}

/**
 * Loads the dependencies of the phone button.
 * @throws NOT_CONFIGURED
 */
export async function loadPhoneBinding(outside: Runtime = runtime): Promise<PhoneDeps & Limited> {
  const sessions = loadBoth(loadSessions(outside), loadLimited('miniapp-phone', outside));
  const deps = await loadBoth(sessions, loadMiniapp(outside));
  const { PHONE_TAKEOVER_DAYS: days, DEPLOYED_ON: deployedOn } = settings('PHONE_TAKEOVER_DAYS', 'DEPLOYED_ON');
  const limitAccount = await loadAccountLimit('phone', outside);
  return { ...deps, limitAccount, takeover: readTakeoverPolicy(days, deployedOn) };
}

/**
 * Loads the dependencies of changes of nickname and avatar.
 * @throws NOT_CONFIGURED
 */
export async function loadProfileUpdate(outside: Runtime = runtime): Promise<ProfileDeps> {
  const [sessions, check] = await Promise.all([loadSessions(outside), loadContentCheck(outside)]);
  const deps = { ...sessions, ...(await loadFiles(outside)) };
  return {
    ...deps,
    // Encrypted data need a session of the mini-program. No session has an empty app id.
    app: { appId: variable('MINIAPP_APP_ID') ?? '' },
    contentCheck: check && { ...check, limitAccount: await loadAccountLimit('profile', outside) },
    chooseAvatar: (account, avatar) => chooseAvatar(deps, account, avatar),
    deleteReplaced: (account) => deleteReplaced(deps, account),
  };
}

/**
 * Loads the dependencies of closing an account. The mini-program is loaded only for a session that has a session key of
 * WeChat. The payment is loaded only for an order that was placed during the close.
 * @throws NOT_CONFIGURED
 */
export async function loadAccountClosing(outside: Runtime = runtime): Promise<CloseDeps> {
  const pay = once(() => loadLateOrderClosing(outside));
  const [sessions, { files }] = [await loadSessions(outside), await loadFiles(outside)];
  return {
    ...sessions,
    eraseUploads: (account) => eraseUploads({ table: sessions.table, files }, account),
    loadMiniapp: () => loadMiniapp(outside),
    closeOrder: async (order) => closeAtWechat((await pay()).within(REQUEST_BUDGET_MS), order),
  };
}
