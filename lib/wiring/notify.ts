import { once } from '../core/once.ts';
import { runtime, type Runtime } from '../core/runtime.ts';
import type { SendMessageDeps } from '../notify/send-message.ts';
import { loadMiniapp, loadOfficialAccount } from './apps.ts';
import { loadTable } from './table.ts';

/**
 * Loads the dependencies of messages that an operator sends. A missing setting of an app fails only its own messages.
 * @throws NOT_CONFIGURED
 */
export async function loadMessageSending(outside: Runtime = runtime): Promise<SendMessageDeps> {
  const loadApp = {
    'mini-program': once(() => loadMiniapp(outside)),
    'official-account': once(() => loadOfficialAccount(outside)),
  };
  return { ...(await loadTable(outside)), loadApp };
}
