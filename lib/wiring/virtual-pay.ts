import { settings, variable } from '../core/config.ts';
import { once } from '../core/once.ts';
import type { Send } from '../core/outbound.ts';
import { runtime, type Runtime } from '../core/runtime.ts';
import type { ListDeps } from '../complaints/find-changed.ts';
import { secrets } from '../secrets/secrets.ts';
import type { PayApi } from '../wechat-pay/pay-api.ts';
import { virtualPayApi, virtualRefundApi } from '../wechat-pay/virtual/api.ts';
import type { VirtualDeps, VirtualMerchant, VirtualSettings } from '../wechat-pay/virtual/client.ts';
import { listVirtualComplaints, queryVirtualComplaint } from '../wechat-pay/virtual/complaints.ts';
import { createVirtualRefund } from '../wechat-pay/virtual/refunds.ts';
import { readVirtualEnv } from '../wechat-pay/virtual/settings.ts';
import { loadMiniapp } from './apps.ts';
import type { VirtualRefunds } from './pay-calls.ts';

/** Returns the calls of virtual payment about orders over a given `send`. */
export function virtualOrders(load: VirtualLoader): (send: Send) => Promise<PayApi> {
  return async (send) => virtualPayApi((await load())(send));
}

/** Returns the calls of virtual payment about refunds over a given `send`. */
export function virtualRefunds(load: VirtualLoader): (send: Send) => Promise<VirtualRefunds> {
  return async (send) => {
    const deps = (await load())(send);
    return { api: virtualRefundApi(deps), request: (order, refund) => createVirtualRefund(deps, order, refund) };
  };
}

/** Returns the queries of virtual payment about complaints over a given `send`. */
export function virtualComplaints(
  load: VirtualLoader,
  { log }: Pick<Runtime, 'log'>,
): (send: Send) => Pick<ListDeps, 'complaintApi' | 'queryComplaint' | 'listComplaints'> {
  return (send) => ({
    complaintApi: 'virtual',
    queryComplaint: async (complaintId) => queryVirtualComplaint((await load())(send), complaintId),
    listComplaints: async (request) => listVirtualComplaints({ ...(await load())(send), log }, request),
  });
}

export type VirtualLoader = () => Promise<(send: Send) => VirtualDeps>;

/** Returns the loader of virtual payment. The credentials are loaded at the first call, and shared by all requests. */
export function virtualLoader(outside: Runtime = runtime): VirtualLoader {
  return once(() => loadVirtualPay(outside));
}

/**
 * Loads the dependencies of calls of virtual payment over a given `send`.
 * @throws NOT_CONFIGURED
 */
async function loadVirtualPay(outside: Runtime = runtime): Promise<(send: Send) => VirtualDeps> {
  const [{ app, accessToken, apiBaseUrl, sleep }, virtual] = await Promise.all([
    loadMiniapp(outside),
    loadVirtualMerchant(),
  ]);
  return (send) => ({ app, accessToken, apiBaseUrl, sleep, send, virtual });
}

/**
 * Loads the offer id, the environment and its key.
 * @throws NOT_CONFIGURED
 */
export async function loadVirtualMerchant(): Promise<VirtualMerchant> {
  const { VIRTUAL_PAY_APP_KEY: appKey } = await secrets('VIRTUAL_PAY_APP_KEY');
  return { ...loadVirtualSettings(), appKey };
}

/**
 * Loads the offer id and the environment.
 * @throws NOT_CONFIGURED
 */
export function loadVirtualSettings(): VirtualSettings {
  return { offerId: settings('VIRTUAL_PAY_OFFER_ID').VIRTUAL_PAY_OFFER_ID, env: readVirtualEnv() };
}

/** Returns whether virtual payment is set up. */
export function hasVirtualPay(): boolean {
  return variable('VIRTUAL_PAY_OFFER_ID') !== undefined;
}
