import { settings, variable } from '../core/config.ts';
import { startDownload } from '../core/outbound.ts';
import { runtime, type Runtime } from '../core/runtime.ts';
import { recheckOrder } from '../pay/check-order.ts';
import { reportRefund } from '../pay/report-refund.ts';
import type { VirtualBills } from '../reconciliation/compare-virtual-bill.ts';
import type { MerchantBills, ReconcileDeps } from '../reconciliation/reconcile.ts';
import { reportStore } from '../reconciliation/report-store.ts';
import { openTradeBillV2 } from '../wechat-pay/v2/bills.ts';
import { openFundFlowBill, openTradeBill } from '../wechat-pay/v3/bills.ts';
import { downloadVirtualBill } from '../wechat-pay/virtual/bills.ts';
import { readVirtualEnv } from '../wechat-pay/virtual/settings.ts';
import { loadPayV2, loadPayV3 } from './pay-calls.ts';
import { loadApiName, loadPay } from './pay.ts';
import { patient } from './table.ts';
import { hasVirtualPay, virtualLoader } from './virtual-pay.ts';

/**
 * Loads the dependencies of reconciliation. With API v2, reconciliation needs no setting of API v3 and has no fund-flow
 * bill. A shop with virtual payment only needs no setting of a merchant number.
 * @throws NOT_CONFIGURED
 */
export async function loadReconciliation(outside: Runtime = runtime): Promise<ReconcileDeps> {
  const { BILL_REPORTS_BUCKET: bucket } = settings('BILL_REPORTS_BUCKET');
  const pay = patient(await loadPay(outside));
  const hasMerchant = variable('PAY_MCH_ID') !== undefined || !hasVirtualPay();
  return {
    ...pay,
    merchantBills: hasMerchant ? await loadMerchantBills(outside) : undefined,
    virtualBills: hasVirtualPay() ? loadVirtualBills(outside) : undefined,
    storeReport: reportStore(bucket),
    recheckOrder: (outTradeNo) => recheckOrder(pay, outTradeNo),
    reportRefund: (refund) => reportRefund(pay, refund),
  };
}

async function loadMerchantBills(outside: Runtime): Promise<MerchantBills> {
  const api = loadApiName();
  if (api === 'v2') {
    const v2 = { ...(await loadPayV2(outside)), startDownload };
    return { api, openTradeBill: (date) => openTradeBillV2(v2, date) };
  }
  const v3 = { ...(await loadPayV3(outside))(outside.send), startDownload };
  return {
    api,
    openTradeBill: (date) => openTradeBill(v3, date),
    openFundFlowBill: (date) => openFundFlowBill(v3, date),
  };
}

/** The credentials are loaded when the bill is downloaded, so that the other bills do not depend on them. */
function loadVirtualBills(outside: Runtime): VirtualBills {
  const { VIRTUAL_PAY_OFFER_ID: offerId } = settings('VIRTUAL_PAY_OFFER_ID');
  const load = virtualLoader(outside);
  return {
    offerId,
    env: readVirtualEnv(),
    download: async (date) => downloadVirtualBill((await load())(outside.send), date),
  };
}
