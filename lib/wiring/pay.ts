import { AppError } from '../core/errors.ts';
import { addressSetting, badSetting, settings, variable } from '../core/config.ts';
import { budgeted, type Budgeted } from '../core/deadline.ts';
import { once } from '../core/once.ts';
import type { Send } from '../core/outbound.ts';
import { runtime, type Runtime } from '../core/runtime.ts';
import type { ComplaintDeps } from '../complaints/fetch-details.ts';
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
import type { VirtualPayRule } from '../pay/virtual-goods.ts';
import { optionalSecret } from '../secrets/secrets.ts';
import { certificateStore } from '../store/certificates.ts';
import type { MerchantApiName, Order, PayApiName, TradeType } from '../store/orders.ts';
import type { Refund } from '../store/refunds.ts';
import {
  loadApiV2Key,
  loadApiV3Keys,
  loadMerchant,
  loadOwnMerchant,
  loadPublicKey,
} from '../wechat-pay/credentials.ts';
import type { OwnMerchant } from '../wechat-pay/notice.ts';
import type { PayApi, RefundApi, WechatRefund } from '../wechat-pay/pay-api.ts';
import { payApiV2, refundApiV2, type PayApiV2Deps } from '../wechat-pay/v2/api.ts';
import { payApiV3, refundApiV3 } from '../wechat-pay/v3/api.ts';
import { fetchCertificates, type PlatformCertificate } from '../wechat-pay/v3/certificates.ts';
import type { PayV3Deps, SigningDeps } from '../wechat-pay/v3/client.ts';
import { platformKeyRing, type PlatformKeyRing } from '../wechat-pay/v3/platform-keys.ts';
import { applyAbnormalRefund } from '../wechat-pay/v3/abnormal-refunds.ts';
import { queryComplaint } from '../wechat-pay/v3/complaints.ts';
import { createRefund } from '../wechat-pay/v3/refunds.ts';
import type { PlatformKeys } from '../wechat-pay/v3/verify-signature.ts';
import type { Verified } from '../wechat-pay/verified.ts';
import type { ClientReader } from '../http/client.ts';
import { loadAccountLimit, loadClientReader } from './limits.ts';
import { merge } from './merge.ts';
import { loadSessions } from './sessions.ts';
import { loadTable, patient } from './table.ts';
import { hasVirtualPay, loadVirtualEnv, virtualLoader, virtualOrders, virtualRefunds } from './virtual-pay.ts';

/**
 * Loads the dependencies of flows that query orders and follow refunds. The credentials are loaded when the first call
 * needs them.
 * @throws NOT_CONFIGURED
 */
export async function loadPay(outside: Runtime = runtime): Promise<RefundDeps> {
  const load = virtualLoader(outside);
  const clients = { ...payClients(outside), virtualOrders: virtualOrders(load), virtualRefunds: virtualRefunds(load) };
  return { ...(await loadTable(outside)), ...refundCalls(clients)(outside.send) };
}

/**
 * Loads the dependencies of the creation of orders. Their calls have a deadline, because the client waits. The
 * credentials for new orders are loaded immediately, so that a missing key fails early.
 * @throws NOT_CONFIGURED
 */
export async function loadPrepay(
  outside: Runtime = runtime,
): Promise<Budgeted<PrepayDeps & { clientOf: ClientReader }>> {
  const calls = orderCalls(allClients(outside));
  const stored = await loadTable(outside);
  const [sessions, clientOf] = await Promise.all([
    loadSessions(outside),
    loadClientReader(),
    ...protocolsInUse().map((name) => calls(outside.send).payApi(name)),
  ]);
  const deps = {
    ...merge(sessions, stored),
    clientOf,
    limitAccount: await loadAccountLimit('prepay', outside),
    limitOpenOrders: openOrderLimit(stored),
    readPrice: knownPrices(stored),
    newOrders: loadNewOrder,
    virtualPayRule: loadVirtualPayRule(),
  };
  return budgeted(outside, (send) => ({ ...deps, ...calls(send) }));
}

/** A merchant can have a merchant number, virtual payment, or both. */
function protocolsInUse(): PayApiName[] {
  const virtual = hasVirtualPay() ? (['virtual'] as const) : [];
  return [...(virtual.length === 0 || variable('PAY_MCH_ID') ? [loadNewOrder('JSAPI').api] : []), ...virtual];
}

/**
 * Returns the settings of a new order.
 * @throws NOT_CONFIGURED
 */
function loadNewOrder(tradeType: TradeType): Pick<Order, 'api' | 'mchId' | 'notifyUrl' | 'env'> {
  if (tradeType === 'VIRTUAL') {
    const { VIRTUAL_PAY_OFFER_ID: mchId } = settings('VIRTUAL_PAY_OFFER_ID');
    return { api: 'virtual', mchId, notifyUrl: '', env: loadVirtualEnv() };
  }
  const [api, { PAY_MCH_ID: mchId }] = [loadApiName(), settings('PAY_MCH_ID')];
  const notifyUrl = api === 'v3' ? loadNotifyUrl() : settings('PAY_V2_NOTIFY_URL').PAY_V2_NOTIFY_URL;
  return { api, mchId, notifyUrl };
}

function loadVirtualPayRule(): VirtualPayRule {
  const { VIRTUAL_PAY_EXEMPT: exempt } = settings('VIRTUAL_PAY_EXEMPT');
  if (exempt !== 'true' && exempt !== 'false') throw badSetting('VIRTUAL_PAY_EXEMPT', 'must be false or true');
  return { miniappId: variable('MINIAPP_APP_ID'), isExempt: exempt === 'true' };
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
  const refundNoPrefix = variable('REFUND_NO_PREFIX') ?? '';
  return { ...patient(await loadPay(outside)), refundNotifyUrl: loadNotifyUrl(), refundNoPrefix };
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
    ...patient(await loadPay(outside)),
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

/** The calls of virtual payment about refunds. */
export interface VirtualRefunds {
  api: RefundApi;
  request(order: Order, refund: Refund): Promise<Verified<WechatRefund>>;
}

interface PayClients {
  v2(): Promise<PayApiV2Deps>;
  v3(): Promise<(send: Send) => PayV3Deps>;
  /** Absent where no order of virtual payment can occur, such as in the notifications of a merchant number. */
  virtualOrders?(send: Send): Promise<PayApi>;
  virtualRefunds?(send: Send): Promise<VirtualRefunds>;
}

/** Returns the calls about orders and refunds over a given `send`. */
function refundCalls(clients: PayClients): (send: Send) => Pick<RefundDeps, 'payApi' | 'refundApi' | 'requestRefund'> {
  const orders = orderCalls(clients);
  const virtual = (send: Send) => clients.virtualRefunds?.(send) ?? notExpected();
  return (send) => ({
    ...orders(send),
    refundApi: async (name) => {
      if (name === 'virtual') return (await virtual(send)).api;
      return name === 'v2' ? refundApiV2({ ...(await clients.v2()), send }) : refundApiV3((await clients.v3())(send));
    },
    requestRefund: async (order, refund) => {
      if (order.api === 'virtual') return (await virtual(send)).request(order, refund);
      return createRefund((await clients.v3())(send), order, refund);
    },
  });
}

/** Returns the calls about orders over a given `send`. */
function orderCalls({ v2, v3, virtualOrders }: PayClients): (send: Send) => Pick<CheckDeps, 'payApi'> {
  return (send) => ({
    payApi: async (name) => {
      if (name === 'virtual') return virtualOrders?.(send) ?? notExpected();
      return name === 'v2' ? payApiV2({ ...(await v2()), send }) : payApiV3((await v3())(send));
    },
  });
}

function notExpected(): never {
  throw new AppError('INTERNAL', 'A notification of a merchant number is about an order of virtual payment');
}

/**
 * Returns the loaders of both protocols of a merchant number. The credentials of a protocol are loaded at its first call,
 * and shared by all requests.
 */
function payClients(outside: Runtime) {
  return { v2: once(() => loadPayV2(outside)), v3: once(() => loadPayV3(outside)) };
}

/** Returns the loaders of the calls about orders in each protocol. */
function allClients(outside: Runtime): PayClients {
  return { ...payClients(outside), virtualOrders: virtualOrders(virtualLoader(outside)) };
}

/**
 * Loads the dependencies of calls of API v3 over a given `send`.
 * @throws NOT_CONFIGURED
 */
export async function loadPayV3(outside: Runtime): Promise<(send: Send) => PayV3Deps> {
  const [keys, signing] = await Promise.all([loadPlatformKeys(outside), loadSigning(outside)]);
  return (send) => ({
    ...outside,
    ...signing,
    send,
    platformKeyId: keys.publicKeyId,
    platformKeys: keys.findWith(send),
  });
}

/**
 * Loads the dependencies of calls of API v2. Each call requires an app id; any app of the merchant is valid.
 * @throws NOT_CONFIGURED
 */
export async function loadPayV2(outside: Runtime): Promise<PayApiV2Deps> {
  const payBaseUrl = addressSetting('WECHAT_PAY_BASE_URL');
  const { PAY_MCH_ID: mchId } = settings('PAY_MCH_ID');
  const appId = variable('MINIAPP_APP_ID') ?? settings('OFFICIAL_APP_ID').OFFICIAL_APP_ID;
  return { ...outside, payBaseUrl, mchId, appId, apiV2Key: await loadApiV2Key() };
}

interface LoadedPlatformKeys {
  publicKeyId: string | undefined;
  ring: PlatformKeyRing;
  findWith(send: Send): PlatformKeys;
  fetchWith(send: Send): () => Promise<PlatformCertificate[]>;
}

/**
 * Loads the keys of WeChat Pay. With a configured public key, the credentials of the merchant are loaded only when
 * WeChat signs with a certificate.
 * @throws NOT_CONFIGURED
 */
async function loadPlatformKeys(outside: Runtime): Promise<LoadedPlatformKeys> {
  const publicKey = await loadPublicKey();
  const [{ table }, { PAY_MCH_ID: mchId }] = [await loadTable(outside), settings('PAY_MCH_ID')];
  if (!publicKey) await loadApiV3Keys();
  const ring = platformKeyRing({ ...outside, certificates: certificateStore(table, mchId), publicKey });
  const fetchWith = (send: Send) => async () => {
    const [signing, apiV3Keys] = await Promise.all([loadSigning(outside), loadApiV3Keys()]);
    const deps = { ...signing, send, platformKeyId: publicKey?.id, apiV3Keys, platformKeys: ring.findConfigured };
    return fetchCertificates(deps);
  };
  const findWith = (send: Send) => (serial: string) => ring.find(serial, fetchWith(send));
  return { publicKeyId: publicKey?.id, ring, findWith, fetchWith };
}

async function loadSigning(outside: Runtime): Promise<Runtime & Omit<SigningDeps, 'platformKeyId'>> {
  const payBaseUrl = addressSetting('WECHAT_PAY_BASE_URL');
  return { ...outside, payBaseUrl, merchant: await loadMerchant() };
}

function loadNotifyUrl(): string {
  return settings('PAY_NOTIFY_URL').PAY_NOTIFY_URL;
}
