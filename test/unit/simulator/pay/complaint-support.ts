// The merchant's side of consumer complaints.
import { useReceiver, useSimulator, useWechatUser } from '../fixture.ts';
import type { TestSimulator } from '../fixture.ts';
import { settings } from '../settings.ts';
import { call, openEnvelope, payCall, payOrder, phoneAction } from '../support.ts';
import type { User } from '../support.ts';

const base = '/v3/merchant-service';

/** Starts a simulator whose merchant has registered the address of a receiver, with a buyer. */
export function useComplaints() {
  const clock = { scope: 'test', now: () => simulator.now() } as const;
  const receiver = useReceiver(clock, { status: 204 });
  const simulator: TestSimulator = useSimulator(() => ({ pay: { complaintCallbackUrl: receiver.url } }));
  const user: User = useWechatUser(simulator, { phone: '13580006666' });
  const paidOrder = async () => (await payOrder(simulator, user)).outTradeNo;
  const complain = (outTradeNo: string, more: object = {}) =>
    phoneAction(simulator, user, 'complain', { outTradeNo, text: '三天了还没有发货', ...more });
  const get = (path: string) => payCall(simulator, { method: 'GET', path: base + path });
  const post = (path: string, body: object) => payCall(simulator, { path: base + path, body });
  return {
    simulator,
    receiver,
    user,
    paidOrder,
    complain,
    get,
    post,
    /** Pays an order and complains about it. @returns the number of the complaint */
    complaintId: async (more: object = {}): Promise<string> =>
      (await complain(await paidOrder(), more)).json.complaintId,
    details: async (complaintId: string) => (await get(`/complaints-v2/${complaintId}`)).json,
    history: async (complaintId: string) => (await get(`/complaints-v2/${complaintId}/negotiation-historys`)).json,
    respond: (complaintId: string, more: object = {}) =>
      post(`/complaints-v2/${complaintId}/response`, { ...mchId, response_content: '今天发货', ...more }),
    complete: (complaintId: string) => post(`/complaints-v2/${complaintId}/complete`, mchId),
    decideRefund: (complaintId: string, body: object) =>
      post(`/complaints-v2/${complaintId}/update-refund-progress`, body),
    /** Acts in the complaint console. */
    act: (complaintId: string, action: string, text?: string) =>
      call(simulator, 'POST', `/_merchant/complaints/${complaintId}`, { action, text }),
    /** Delivers what is due, and returns the reported actions, oldest first. */
    reported: async () => {
      await simulator.advanceClock(0);
      return receiver.received.map(({ body }) => openEnvelope(body).transaction.action_type);
    },
  };
}

const mchId = { complainted_mchid: settings.pay.mchId };
