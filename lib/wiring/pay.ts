import { badSetting, missing, settings, variable } from '../core/config.ts';
import { budgeted, type Budgeted } from '../core/deadline.ts';
import { runtime, type Runtime } from '../core/runtime.ts';
import type { ComplaintDeps } from '../complaints/fetch-details.ts';
import type { ClientReader } from '../http/client.ts';
import type { CheckDeps } from '../pay/check-order.ts';
import type { AbnormalRefundDeps } from '../pay/end-abnormal-refund.ts';
import type { RefundDeps } from '../pay/follow-refund.ts';
import { catalogReader } from '../pay/get-catalog.ts';
import { knownPrices } from '../pay/known-prices.ts';
import { openOrderLimit } from '../pay/open-orders.ts';
import type { OwnOrderDeps } from '../pay/own-order.ts';
import type { PrepayDeps } from '../pay/prepay.ts';
import type { RefundOrderDeps } from '../pay/refund-order.ts';
import type { SweepDeps } from '../pay/sweep.ts';
import { optionalSecret } from '../secrets/secrets.ts';
import type { MerchantApiName, Order, TradeType } from '../store/orders.ts';
import { loadApiV2Key, loadApiV3Keys, loadOwnMerchant } from '../wechat-pay/credentials.ts';
import type { OwnMerchant } from '../wechat-pay/notice.ts';
import { applyAbnormalRefund } from '../wechat-pay/v3/abnormal-refunds.ts';
import { queryComplaint } from '../wechat-pay/v3/complaints.ts';
import type { VirtualMerchant } from '../wechat-pay/virtual/client.ts';
import { assertReachable } from '../wechat-pay/virtual/query-order.ts';
import { readExemption } from '../wechat-pay/virtual/settings.ts';
import { signVirtualPayment } from '../wechat-pay/virtual/sign.ts';
import type { PlatformKeys } from '../wechat-pay/v3/verify-signature.ts';
import { loadAccountLimit, loadClientReader } from './limits.ts';
import { merge } from './merge.ts';
import {
  createCalls,
  loadPayV3,
  loadPlatformKeys,
  orderCalls,
  payClients,
  refundCalls,
  type PayClients,
} from './pay-calls.ts';
import { loadSessions } from './sessions.ts';
import { loadTable, patient } from './table.ts';
import {
  hasVirtualPay,
  loadVirtualMerchant,
  loadVirtualSettings,
  virtualLoader,
  virtualOrders,
  virtualRefunds,
} from './virtual-pay.ts';

/**
 * Loads the dependencies of flows that query orders and follow refunds. The credentials are loaded when the first call
 * needs them.
 * @throws NOT_CONFIGURED
 */
export async function loadPay(outside: Runtime = runtime): Promise<RefundDeps> {
  const load = virtualLoader(outside);
  const clients = {
    ...payClients(outside),
    ordersOfVirtual: virtualOrders(load),
    refundsOfVirtual: virtualRefunds(load),
  };
  return { ...(await loadTable(outside)), ...refundCalls(clients)(outside.send) };
}

/**
 * Loads the dependencies of the creation of orders. Their calls have a deadline, because the client waits. The
 * credentials for new orders are loaded immediately, so that a missing key fails early. A shop has a merchant number,
 * virtual payment, or both.
 * @throws NOT_CONFIGURED
 */
export async function loadPrepay(
  outside: Runtime = runtime,
): Promise<Budgeted<PrepayDeps & { clientOf: ClientReader }>> {
  const calls = createCalls(payClients(outside));
  const isVirtual = hasVirtualPay();
  const merchantTerms = isVirtual && !variable('PAY_MCH_ID') ? undefined : loadMerchantTerms();
  const stored = await loadTable(outside);
  const [sessions, clientOf, virtual] = await Promise.all([
    loadSessions(outside),
    loadClientReader(),
    isVirtual ? loadVirtualMerchant() : undefined,
    merchantTerms && calls(outside.send).createApi(merchantTerms.api),
  ]);
  const deps = {
    ...merge(sessions, stored),
    clientOf,
    limitAccount: await loadAccountLimit('prepay', outside),
    limitOpenOrders: openOrderLimit(stored),
    readPrice: knownPrices(stored),
    newOrders: (tradeType: TradeType) =>
      tradeType === 'VIRTUAL'
        ? virtualTerms(virtual ?? missing('VIRTUAL_PAY_OFFER_ID'))
        : (merchantTerms ?? missing('PAY_MCH_ID')),
    virtualPayRule: { miniappId: variable('MINIAPP_APP_ID'), isExempt: readExemption() },
    signVirtual: (order: Order, sessionKey: string) =>
      signVirtualPayment({ appKey: virtual?.appKey ?? missing('VIRTUAL_PAY_OFFER_ID'), sessionKey }, order),
  };
  return budgeted(outside, (send) => ({ ...deps, ...calls(send) }));
}

type OrderTerms = ReturnType<PrepayDeps['newOrders']>;

function virtualTerms({ offerId, env }: VirtualMerchant): OrderTerms {
  return { api: 'virtual', mchId: offerId, notifyUrl: '', env };
}

/**
 * Returns the settings of new orders of the merchant number.
 * @throws NOT_CONFIGURED
 */
function loadMerchantTerms(): OrderTerms {
  const [api, { PAY_MCH_ID: mchId }] = [loadApiName(), settings('PAY_MCH_ID')];
  const notifyUrl = api === 'v3' ? loadNotifyUrl() : settings('PAY_V2_NOTIFY_URL').PAY_V2_NOTIFY_URL;
  return { api, mchId, notifyUrl };
}

/**
 * Loads the reader of the catalogue.
 * @throws NOT_CONFIGURED
 */
export async function loadCatalog(outside: Runtime = runtime): Promise<ReturnType<typeof catalogReader>> {
  return catalogReader({ ...outside, ...(await loadTable(outside)) });
}

/**
 * Loads the dependencies of routes that show or close orders. Their calls have a deadline, because the client waits. The
 * routes that show orders return the stored orders when WeChat does not respond in time.
 * @throws NOT_CONFIGURED
 */
export async function loadOwnOrders(outside: Runtime = runtime): Promise<Budgeted<OwnOrderDeps & CheckDeps>> {
  const calls = orderCalls(allClients(outside));
  const sessions = await loadSessions(outside);
  const limitAccount = await loadAccountLimit('orders', outside);
  return budgeted(outside, (send) => ({ ...sessions, limitAccount, ...calls(send) }));
}

/**
 * Loads the dependencies of closing orders whose account was closed. Their calls have a deadline: the sweep closes an
 * order when WeChat does not respond in time.
 * @throws NOT_CONFIGURED
 */
export async function loadLateOrderClosing(outside: Runtime = runtime): Promise<Budgeted<CheckDeps>> {
  const calls = orderCalls(allClients(outside));
  const stored = await loadTable(outside);
  return budgeted(outside, (send) => ({ ...stored, ...calls(send) }));
}

/**
 * Loads the dependencies of the operator function that refunds orders. A refund of a merchant number goes through API v3,
 * also for an order that was created with API v2.
 * @throws NOT_CONFIGURED
 */
export async function loadRefundOrder(outside: Runtime = runtime): Promise<RefundOrderDeps> {
  if (variable('PAY_MCH_ID') || !hasVirtualPay()) await loadPayV3(outside);
  const virtual = hasVirtualPay() ? loadVirtualSettings() : undefined;
  return {
    ...patient(await loadPay(outside)),
    refundNotifyUrl: loadNotifyUrl(),
    refundNoPrefix: variable('REFUND_NO_PREFIX') ?? '',
    assertReachable: (order) => assertReachable(virtual ?? missing('VIRTUAL_PAY_OFFER_ID'), order),
  };
}

/**
 * Loads the dependencies of the operator function that ends abnormal refunds.
 * @throws NOT_CONFIGURED
 */
export async function loadAbnormalRefund(outside: Runtime = runtime): Promise<AbnormalRefundDeps> {
  const [v3, keys] = await Promise.all([loadPayV3(outside), loadPlatformKeys(outside)]);
  const encryptionKey = () => keys.ring.findNewest(keys.fetchWith(outside.send));
  const calls = { ...v3(outside.send), encryptionKey };
  return {
    ...patient({ ...(await loadTable(outside)), ...refundCalls(payClients(outside))(outside.send) }),
    applyAbnormalRefund: (refund, target) => applyAbnormalRefund(calls, refund, target),
  };
}

/**
 * Loads the dependencies of the sweep. With API v3, the sweep fetches certificates ahead of their use.
 * @throws NOT_CONFIGURED
 */
export async function loadSweep(outside: Runtime = runtime): Promise<SweepDeps> {
  const refreshKeys = async () => {
    if ((await optionalSecret('PAY_API_V3_KEY')) === undefined) return;
    const keys = await loadPlatformKeys(outside);
    await keys.ring.refreshIfOld(keys.fetchWith(outside.send));
  };
  return { ...patient(await loadPay(outside)), refreshKeys };
}

/**
 * Loads the dependencies of notifications of API v3.
 * @throws NOT_CONFIGURED
 */
export async function loadPayNotify(
  outside: Runtime = runtime,
): Promise<Budgeted<RefundDeps & ComplaintDeps & OwnMerchant & { apiV3Keys: string[]; platformKeys: PlatformKeys }>> {
  const clients = payClients(outside);
  const calls = refundCalls(clients);
  const [apiV3Keys, keys, stored] = await Promise.all([loadApiV3Keys(), loadPlatformKeys(outside), loadTable(outside)]);
  const opening = { ...loadOwnMerchant(), apiV3Keys };
  return budgeted(outside, (send) => ({
    ...stored,
    ...calls(send),
    complaintApi: 'v3' as const,
    queryComplaint: async (complaintId) => queryComplaint((await clients.v3())(send), complaintId),
    ...opening,
    platformKeys: keys.findWith(send),
  }));
}

/**
 * Loads the dependencies of notifications of API v2.
 * @throws NOT_CONFIGURED
 */
export async function loadPayNotifyV2(
  outside: Runtime = runtime,
): Promise<Budgeted<RefundDeps & OwnMerchant & { apiV2Key: string }>> {
  const own = loadOwnMerchant();
  const calls = refundCalls(payClients(outside));
  const [stored, apiV2Key] = await Promise.all([loadTable(outside), loadApiV2Key()]);
  return budgeted(outside, (send) => ({ ...stored, ...calls(send), ...own, apiV2Key }));
}

/**
 * Returns the protocol of new orders and of bills.
 * @throws NOT_CONFIGURED
 */
export function loadApiName(): MerchantApiName {
  const { PAY_API: name } = settings('PAY_API');
  if (name === 'v3' || name === 'v2') return name;
  throw badSetting('PAY_API', 'must be v3 or v2');
}

/** Returns the loaders of the calls about orders in each protocol. */
function allClients(outside: Runtime): PayClients {
  return { ...payClients(outside), ordersOfVirtual: virtualOrders(virtualLoader(outside)) };
}

function loadNotifyUrl(): string {
  return settings('PAY_NOTIFY_URL').PAY_NOTIFY_URL;
}
