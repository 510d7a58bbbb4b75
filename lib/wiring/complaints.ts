import { runtime, type Runtime } from '../core/runtime.ts';
import type { ComplaintApis } from '../complaints/apis.ts';
import type { ListDeps } from '../complaints/find-changed.ts';
import type { OperateDeps } from '../complaints/operate.ts';
import { refundOrder } from '../pay/refund-order.ts';
import { optionalSecret } from '../secrets/secrets.ts';
import type { PayV3Deps } from '../wechat-pay/v3/client.ts';
import { completeComplaint, decideComplaintRefund, replyToComplaint } from '../wechat-pay/v3/complaint-answers.ts';
import { queryHistory } from '../wechat-pay/v3/complaint-history.ts';
import { listComplaints, queryComplaint } from '../wechat-pay/v3/complaints.ts';
import {
  completeVirtualComplaint,
  queryVirtualHistory,
  replyToVirtualComplaint,
} from '../wechat-pay/virtual/complaints.ts';
import { loadPayV3 } from './pay-calls.ts';
import { loadRefundOrder } from './pay.ts';
import { loadTable, patient, type Stored } from './table.ts';
import { hasVirtualPay, virtualComplaints, virtualLoader, type VirtualLoader } from './virtual-pay.ts';

/**
 * Loads the dependencies of the sweep of complaints, for each API with credentials.
 * @throws NOT_CONFIGURED
 */
export async function loadComplaintSweep(outside: Runtime = runtime): Promise<ComplaintApis<ListDeps>> {
  const v3 = (await hasApiV3()) && v3Queries((await loadPayV3(outside))(outside.send));
  const virtual = hasVirtualPay() && virtualComplaints(virtualLoader(outside), outside)(outside.send);
  if (!v3 && !virtual) return {};
  const stored = patient(await loadTable(outside));
  return { ...(v3 && { v3: { ...stored, ...v3 } }), ...(virtual && { virtual: { ...stored, ...virtual } }) };
}

/**
 * Loads the dependencies of the operator function about complaints. The settings of refunds are loaded for a refund only.
 * @throws NOT_CONFIGURED
 */
export async function loadComplaints(outside: Runtime = runtime): Promise<ComplaintApis<OperateDeps>> {
  const hasVirtual = hasVirtualPay();
  const v3 = (!hasVirtual || (await hasApiV3())) && v3Actions((await loadPayV3(outside))(outside.send));
  const virtual = hasVirtual && virtualActions(virtualLoader(outside), outside);
  const shared: Stored & Pick<OperateDeps, 'refundOrder'> = {
    ...patient(await loadTable(outside)),
    refundOrder: async (request) => refundOrder(await loadRefundOrder(outside), request),
  };
  return { ...(v3 && { v3: { ...shared, ...v3 } }), ...(virtual && { virtual: { ...shared, ...virtual } }) };
}

async function hasApiV3(): Promise<boolean> {
  return (await optionalSecret('PAY_MCH_PRIVATE_KEY')) !== undefined;
}

type Queries = Pick<ListDeps, 'complaintApi' | 'queryComplaint' | 'listComplaints'>;
type Actions = Queries & Pick<OperateDeps, 'queryHistory' | 'reply' | 'complete' | 'decideRefund'>;

function v3Queries(v3: PayV3Deps): Queries {
  return {
    complaintApi: 'v3',
    queryComplaint: (complaintId) => queryComplaint(v3, complaintId),
    listComplaints: (request) => listComplaints(v3, request),
  };
}

function v3Actions(v3: PayV3Deps): Actions {
  return {
    ...v3Queries(v3),
    queryHistory: (complaintId) => queryHistory(v3, complaintId),
    reply: (complaintId, reply) => replyToComplaint(v3, complaintId, reply),
    complete: (complaintId) => completeComplaint(v3, complaintId),
    decideRefund: (complaintId, decision) => decideComplaintRefund(v3, complaintId, decision),
  };
}

function virtualActions(load: VirtualLoader, outside: Runtime): Omit<Actions, 'decideRefund'> {
  const deps = async () => (await load())(outside.send);
  return {
    ...virtualComplaints(load, outside)(outside.send),
    queryHistory: async (complaintId) => queryVirtualHistory(await deps(), complaintId),
    reply: async (complaintId, reply) => replyToVirtualComplaint(await deps(), complaintId, reply),
    complete: async (complaintId) => completeVirtualComplaint(await deps(), complaintId),
  };
}
