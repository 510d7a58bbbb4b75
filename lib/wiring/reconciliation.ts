import { settings } from '../core/config.ts';
import { startDownload } from '../core/outbound.ts';
import { runtime, type Runtime } from '../core/runtime.ts';
import { recheckOrder } from '../pay/check-order.ts';
import { reportRefund } from '../pay/report-refund.ts';
import type { ReconcileDeps } from '../reconciliation/reconcile.ts';
import { reportStore } from '../reconciliation/report-store.ts';
import { openTradeBillV2 } from '../wechat-pay/v2/bills.ts';
import { openFundFlowBill, openTradeBill } from '../wechat-pay/v3/bills.ts';
import { loadApiName, loadPay, loadPayV2, loadPayV3 } from './pay.ts';
import { patient } from './table.ts';

/**
 * Loads the dependencies of reconciliation. With API v2, reconciliation needs no setting of API v3 and has no fund-flow
 * bill.
 * @throws NOT_CONFIGURED
 */
export async function loadReconciliation(outside: Runtime = runtime): Promise<ReconcileDeps> {
  const [api, { BILL_REPORTS_BUCKET: bucket }] = [loadApiName(), settings('BILL_REPORTS_BUCKET')];
  const pay = patient(await loadPay(outside));
  return {
    ...pay,
    api,
    ...(api === 'v3' ? await loadBillsV3(outside) : await loadBillsV2(outside)),
    storeReport: reportStore(bucket),
    recheckOrder: (outTradeNo) => recheckOrder(pay, outTradeNo),
    reportRefund: (refund) => reportRefund(pay, refund),
  };
}

type Bills = Pick<ReconcileDeps, 'openTradeBill' | 'openFundFlowBill'>;

async function loadBillsV3(outside: Runtime): Promise<Bills> {
  const v3 = { ...(await loadPayV3(outside))(outside.send), startDownload };
  return {
    openTradeBill: (date) => openTradeBill(v3, date),
    openFundFlowBill: (date) => openFundFlowBill(v3, date),
  };
}

async function loadBillsV2(outside: Runtime): Promise<Bills> {
  const v2 = { ...(await loadPayV2(outside)), startDownload };
  return { openTradeBill: (date) => openTradeBillV2(v2, date) };
}
