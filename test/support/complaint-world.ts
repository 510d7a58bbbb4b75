// Complaints of buyers at the simulator, which notifies the webhook over HTTP.
import type { ComplaintApis } from '../../lib/complaints/apis.ts';
import { sweepComplaints, type ComplaintSweep } from '../../lib/complaints/sweep-complaints.ts';
import { operateComplaints } from '../../lib/complaints/operate.ts';
import type { Send } from '../../lib/core/outbound.ts';
import { readComplaint } from '../../lib/store/complaints.ts';
import type { Verified } from '../../lib/wechat-pay/verified.ts';
import type { ComplaintReport } from '../../lib/wechat-pay/v3/complaints.ts';
import { loadComplaints, loadComplaintSweep } from '../../lib/wiring/complaints.ts';
import { createBuyers } from './buyers.ts';
import { control } from './control.ts';
import { withMetrics } from './metrics.ts';
import { asVerified } from './verified.ts';
import { createWebhookWorld } from './webhooks.ts';

/** Words and a number that must not leave the answers to operators. The world checks the log for both. */
export const WORDS = '三天了还没有发货，请退款';
export const PHONE = '13580006666';

export type ComplaintWorld = Awaited<ReturnType<typeof createComplaintWorld>>;

/** Creates a world whose merchant registered the address of `pay-notify` for complaints. */
export async function createComplaintWorld() {
  const world = await createWebhookWorld('pay-notify');
  const buyers = await createBuyers(world);
  const { table, simulator, outside } = world;

  /** Loads the operator function like a cold instance. Calls are signed with the real time. */
  const loadApis = async (send: Send = outside.send) =>
    withClock(await loadComplaints({ ...outside, now: Date.now, send }), outside.now);
  const loadSweep = async (send: Send = outside.send) =>
    withClock(await loadComplaintSweep({ ...outside, now: Date.now, send }), outside.now);
  const load = async (send?: Send) => (await loadApis(send)).v3!;
  const [deps, { virtual }] = [await load(), await loadApis()];

  /** Pays an order and complains about it; the buyer asks for a refund unless `about` replaces `refundFen`. */
  const complain = async (about: object = {}) => {
    const order = await buyers.paidOrder();
    const body = { outTradeNo: order.outTradeNo, text: WORDS, phone: PHONE, refundFen: 1800, ...about };
    const filed = await world.phone.act(order.person, 'complain', body);
    return { ...order, ...(filed as { complaintId: string; notify: { status: number } | null }) };
  };

  return {
    ...world,
    ...buyers,
    deps,
    load,
    loadApis,
    loadSweep,
    /** Moves the clock of the flows. The clock of WeChat Pay stays. */
    pass: (hours: number) => void (world.clock.offsetMs += hours * 3_600_000),
    report: (complaintId: string, actionType = 'CREATE_COMPLAINT'): Verified<ComplaintReport> =>
      asVerified({ complaintId, actionType }),
    stored: (complaintId: string) => readComplaint(table, complaintId, 'strong'),
    /** @param operator the dependencies for complaints of API v3 */
    operate: <Answer = Awaited<ReturnType<typeof operateComplaints>>>(input: object, operator = deps) =>
      operateComplaints({ v3: operator, ...(virtual && { virtual }) }, input) as Promise<Answer>,
    /** Runs the sweep, and returns its result and the metrics that it counted. */
    sweep: async (send?: Send): Promise<[ComplaintSweep, string[]]> =>
      withMetrics(async () => sweepComplaints(await loadSweep(send))),
    complain,
    /**
     * Complains without a notification. Every delivery is lost until `calm`, because WeChat Pay repeats a lost one after some
     * seconds: a repetition must not meet the test of this complaint, and not take the fault of another one.
     */
    unreported: async (about: object = {}) => {
      await world.faults('complaint-notify', 'drop-notify', 1_000);
      return complain(about);
    },
    calm: () => control(simulator, 'DELETE', '/_faults'),
    /** Acts for the buyer or the platform, and delivers the notification. */
    act: (complaintId: string, action: string, text?: string) =>
      control<{ notify: { status: number } | null }>(simulator, 'POST', `/_merchant/complaints/${complaintId}`, {
        action,
        text,
      }),
    /** Delivers the notifications that are due. */
    delivered: () => simulator.advanceClock(0),
    atWechat: async (complaintId: string) =>
      (await control<ComplaintAtWechat[]>(simulator, 'GET', '/_merchant/complaints')).find(
        (complaint) => complaint.complaintId === complaintId,
      )!,
    refundsOf: async (outTradeNo: string) =>
      (
        await control<{ outTradeNo: string; refunds: { amountFen: number }[] }[]>(simulator, 'GET', '/_merchant/orders')
      ).find((order) => order.outTradeNo === outTradeNo)!.refunds,
  };
}

/** Replaces the clock of the flows of each API. */
function withClock<Deps extends object>({ v3, virtual }: ComplaintApis<Deps>, now: () => number): ComplaintApis<Deps> {
  return { ...(v3 && { v3: { ...v3, now } }), ...(virtual && { virtual: { ...virtual, now } }) };
}

interface ComplaintAtWechat {
  complaintId: string;
  state: string;
  history: { type: string; text?: string }[];
}

/** Returns a `send` that loses the answers of calls whose path ends with `end`, `times` times, after WeChat Pay took them. */
export function losingAnswers(send: Send, end: string, times = 1): Send {
  let left = times;
  return async (request) => {
    const answer = await send(request);
    if (!request.url.pathname.endsWith(end) || left <= 0) return answer;
    left -= 1;
    return { ...answer, status: 502, headers: {}, body: Buffer.from('') };
  };
}

/** Returns a `send` whose calls with this end of the path never reach WeChat Pay. */
export function failingCalls(send: Send, end: string): Send {
  return (request) =>
    request.url.pathname.endsWith(end)
      ? Promise.resolve({ status: 502, headers: {}, body: Buffer.from('') })
      : send(request);
}
