import { runtime, type Runtime } from '../core/runtime.ts';
import type { ListDeps } from '../complaints/find-changed.ts';
import type { OperateDeps } from '../complaints/operate.ts';
import { refundOrder } from '../pay/refund-order.ts';
import { optionalSecret } from '../secrets/secrets.ts';
import type { PayV3Deps } from '../wechat-pay/v3/client.ts';
import { completeComplaint, decideComplaintRefund, replyToComplaint } from '../wechat-pay/v3/complaint-answers.ts';
import { queryHistory } from '../wechat-pay/v3/complaint-history.ts';
import { listComplaints, queryComplaint } from '../wechat-pay/v3/complaints.ts';
import { openPayerPhone } from '../wechat-pay/v3/payer-phone.ts';
import { loadPayV3 } from './pay-calls.ts';
import { loadRefundOrder } from './pay.ts';
import { loadTable, patient } from './table.ts';

/**
 * Loads the dependencies of the sweep of complaints.
 * @returns undefined without credentials of API v3, which complaints need
 * @throws NOT_CONFIGURED
 */
export async function loadComplaintSweep(outside: Runtime = runtime): Promise<ListDeps | undefined> {
  if ((await optionalSecret('PAY_MCH_PRIVATE_KEY')) === undefined) return undefined;
  const v3 = (await loadPayV3(outside))(outside.send);
  return { ...patient(await loadTable(outside)), ...queries(v3) };
}

/**
 * Loads the dependencies of the operator function about complaints. The settings of refunds are loaded for a refund only.
 * @throws NOT_CONFIGURED
 */
export async function loadComplaints(outside: Runtime = runtime): Promise<OperateDeps> {
  const v3 = (await loadPayV3(outside))(outside.send);
  return {
    ...patient(await loadTable(outside)),
    ...queries(v3),
    queryHistory: (complaintId) => queryHistory(v3, complaintId),
    openPhone: (sealed) => openPayerPhone(v3.merchant.privateKey, sealed),
    reply: (complaintId, reply) => replyToComplaint(v3, complaintId, reply),
    complete: (complaintId) => completeComplaint(v3, complaintId),
    decideRefund: (complaintId, decision) => decideComplaintRefund(v3, complaintId, decision),
    refundOrder: async (request) => refundOrder(await loadRefundOrder(outside), request),
  };
}

function queries(v3: PayV3Deps): Pick<ListDeps, 'queryComplaint' | 'listComplaints'> {
  return {
    queryComplaint: (complaintId) => queryComplaint(v3, complaintId),
    listComplaints: (request) => listComplaints(v3, request),
  };
}
