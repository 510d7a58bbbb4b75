import { addressSetting, badSetting, settings, variable } from '../core/config.ts';
import { loadTable } from './deps.ts';
import { AppError } from '../core/errors.ts';
import { once } from '../core/once.ts';
import { createSend, startDownload } from '../core/outbound.ts';
import { reportStore } from '../reconciliation/report-store.ts';
import { checkOrder } from '../pay/check-order.ts';
import { loadApiV2Key, loadApiV3Keys, loadMerchant, loadPublicKey } from '../wechat-pay/credentials.ts';
import { platformKeys, refreshCertificates, type PlatformKeysDeps } from '../wechat-pay/platform-keys.ts';
import { consoleRefund } from '../pay/settle-refund.ts';
import { payApiV2 } from '../wechat-pay/v2/api.ts';
import { openTradeBillV2 } from '../wechat-pay/v2/bills.ts';
import { payApiV3 } from '../wechat-pay/v3/api.ts';
import { openFundFlowBill, openTradeBill } from '../wechat-pay/v3/bills.ts';
import { fetchCertificates } from '../wechat-pay/v3/certificates.ts';
import type { PayDeps } from '../wechat-pay/v3/client.ts';
import { createRefund } from '../wechat-pay/v3/refunds.ts';
import { runtime, type Send } from '../core/runtime.ts';
import { optionalSecret } from '../secrets/secrets.ts';
import { setDue } from '../store/follow-ups.ts';
import { readOrder, type Order, type PayApiName } from '../store/orders.ts';
import { putReport, type Refund } from '../store/refunds.ts';

/**
 * What the Lambdas of WeChat Pay are put together from, as in lib/wiring/deps.ts. Each order has its own protocol; what only one
 * of the two needs is loaded when the first order of that kind comes by.
 */
export async function loadPay(send = createSend(runtime)) {
  const v3 = once(async () => payApiV3(await loadPayV3(send)));
  const v2 = once(async () => payApiV2(await loadPayV2(send)));
  return { ...(await loadTable()), payApi: (name: PayApiName) => (name === 'v2' ? v2() : v3()) };
}

/** For flows that show orders: they have something to show when WeChat does not answer. */
export async function loadOrders() {
  const { send, hurry } = hurriedSend();
  return { ...(await loadPay(send)), hurry };
}

/** For flows that make orders. */
export async function loadPrepay() {
  const [api, { PAY_MCH_ID: mchId }] = [loadApiName(), settings('PAY_MCH_ID')];
  const notifyUrl = api === 'v3' ? loadNotifyUrl() : settings('PAY_V2_NOTIFY_URL').PAY_V2_NOTIFY_URL;
  const pay = await loadPay();
  await pay.payApi(api);
  return { ...pay, newOrders: { api, mchId, notifyUrl } };
}

/** The protocol of new orders and of bills. @throws NOT_CONFIGURED */
function loadApiName(): PayApiName {
  const { PAY_API: name } = settings('PAY_API');
  if (name === 'v3' || name === 'v2') return name;
  throw badSetting('PAY_API', 'must be v3 or v2');
}

/** For flows that follow refunds. They are asked for by API v3, also those of orders that were made by API v2. */
async function loadRefunds(send = createSend(runtime)) {
  const v3 = once(() => loadPayV3(send));
  const requestRefund = async (order: Order, refund: Refund) => createRefund(await v3(), order, refund);
  return { ...(await loadPay(send)), requestRefund };
}

/** For operators that ask for refunds. */
export async function loadRefunding() {
  await loadPayV3();
  return { ...(await loadRefunds()), refundNotifyUrl: loadNotifyUrl() };
}

/** For the sweep: certificates are fetched ahead of their use, where API v3 is set up. */
export async function loadSweep() {
  const refreshKeys = async () => {
    if (await optionalSecret('PAY_API_V3_KEY')) await refreshCertificates(await loadPlatformKeys());
  };
  return { ...(await loadRefunds()), refreshKeys };
}

/** For reconciliation. Whoever uses API v2 for bills needs nothing of API v3, and has no fund-flow bill. */
export async function loadBills() {
  const [api, { BILL_REPORTS_BUCKET: bucket }] = [loadApiName(), settings('BILL_REPORTS_BUCKET')];
  const pay = await loadPay();
  return {
    ...pay,
    api,
    ...(api === 'v3' ? await loadBillsV3() : await loadBillsV2()),
    storeReport: reportStore(bucket),
    recheckOrder: async (outTradeNo: string) => {
      const order = await readOrder(pay.table, outTradeNo);
      if (order) await checkOrder(pay, order);
    },
    reportRefund: async (refund: Pick<Refund, 'outRefundNo' | 'outTradeNo' | 'amountFen'>) => {
      // The merchant may sell elsewhere too: what is not about an order of ours nobody can follow.
      if (!(await readOrder(pay.table, refund.outTradeNo))) return;
      await putReport(pay.table, consoleRefund(refund, pay.now()), pay.now());
      await setDue(pay.table, { kind: 'refund', no: refund.outRefundNo }, pay.now());
    },
  };
}

async function loadBillsV3() {
  const v3 = { ...(await loadPayV3()), startDownload };
  return {
    openTradeBill: (date: string) => openTradeBill(v3, date),
    openFundFlowBill: (date: string) => openFundFlowBill(v3, date),
  };
}

async function loadBillsV2() {
  const v2 = { ...(await loadPayV2()), startDownload };
  return { openTradeBill: (date: string) => openTradeBillV2(v2, date) };
}

/** For notifications of API v3. */
export async function loadPayNotify() {
  const { send, hurry } = hurriedSend();
  const loading = [loadApiV3Keys(), loadPlatformKeys(send), loadRefunds(send)] as const;
  const [apiV3Keys, keys, refunds] = await Promise.all(loading);
  return { ...refunds, hurry, apiV3Keys, platformKeys: platformKeys(keys) };
}

/** For notifications of API v2. */
export async function loadPayNotifyV2() {
  const { PAY_MCH_ID: mchId } = settings('PAY_MCH_ID');
  const { send, hurry } = hurriedSend();
  return { ...(await loadRefunds(send)), hurry, mchId, apiV2Key: await loadApiV2Key() };
}

/** For calls of API v3. */
async function loadPayV3(send = createSend(runtime)): Promise<PayDeps> {
  const [keys, signing] = await Promise.all([loadPlatformKeys(send), loadSigning(send)]);
  return { ...signing, platformKeyId: keys.publicKey?.id, platformKeys: platformKeys(keys) };
}

/** For calls of API v2. It wants an app id with every call; which of the merchant's does not matter. */
async function loadPayV2(send = createSend(runtime)) {
  const payBaseUrl = addressSetting('WECHAT_PAY_BASE_URL');
  const { PAY_MCH_ID: mchId } = settings('PAY_MCH_ID');
  const appId = variable('MINIAPP_APP_ID') ?? settings('OFFICIAL_APP_ID').OFFICIAL_APP_ID;
  return { ...runtime, send, payBaseUrl, mchId, appId, apiV2Key: await loadApiV2Key() };
}

/** WeChat gives a webhook five seconds in all, and nobody waits longer for a page. */
const HURRY_MS = 3_000;

/** For requests that can do without WeChat's word: `hurry` begins one, and all its calls together take three seconds. */
function hurriedSend(): { send: Send; hurry(): void } {
  const send = createSend(runtime);
  let untilMs = 0;
  return {
    hurry: () => {
      untilMs = runtime.now() + HURRY_MS;
    },
    send: async (request) => {
      const leftMs = untilMs - runtime.now();
      if (leftMs <= 0) throw new AppError('WECHAT_TIMEOUT', 'There is no time left to ask WeChat');
      return send({ ...request, timeoutMs: Math.min(request.timeoutMs, leftMs) });
    },
  };
}

function loadNotifyUrl(): string {
  return settings('PAY_NOTIFY_URL').PAY_NOTIFY_URL;
}

/** What signs requests of API v3 and sends them. */
async function loadSigning(send: Send) {
  const payBaseUrl = addressSetting('WECHAT_PAY_BASE_URL');
  return { ...runtime, send, payBaseUrl, merchant: await loadMerchant() };
}

/** A merchant with the public key needs nothing else, until WeChat signs with a certificate. */
async function loadPlatformKeys(send = createSend(runtime)): Promise<PlatformKeysDeps> {
  const publicKey = await loadPublicKey();
  const [{ table }, { PAY_MCH_ID: mchId }] = [await loadTable(), settings('PAY_MCH_ID')];
  if (!publicKey) await loadApiV3Keys();
  const fetching = once(async () => ({
    ...(await loadSigning(send)),
    platformKeyId: publicKey?.id,
    platformKeys: async (serial: string) => (serial === publicKey?.id ? publicKey.key : undefined),
    apiV3Keys: await loadApiV3Keys(),
  }));
  return {
    ...runtime,
    table,
    mchId,
    publicKey,
    fetchCertificates: async () => fetchCertificates(await fetching()),
  };
}
