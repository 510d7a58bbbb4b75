// The complaint console: the list of complaints, and the actions of the buyer and of the platform.
import { beijingIso } from '../beijing-time.ts';
import { readChoice, readOptionalText, readText } from '../control-body.ts';
import type { ControlBody } from '../control-body.ts';
import { controlParamError } from '../control-error.ts';
import type { Complaint, ComplaintAction } from './complaint-log.ts';
import { isFullyRefunded } from './complaints.ts';
import type { PayWorld } from './world.ts';

/** The actions of the buyer and of the platform, and the action that WeChat reports. */
const ACTIONS = {
  'user-responds': 'USER_RESPONSE',
  'user-continues': 'CONTINUE_COMPLAINT',
  'user-cancels-platform': 'USER_CANCEL_PLATFORM_SERVICE',
  'platform-steps-in': 'USER_APPLY_PLATFORM_SERVICE',
  'platform-responds': 'RESPONSE_BY_PLATFORM',
  'platform-finishes': 'PLATFORM_SERVICE_FINISHED',
} as const satisfies Record<string, ComplaintAction>;

const actionNames = [...(Object.keys(ACTIONS) as (keyof typeof ACTIONS)[]), 'user-cancels'] as const;

/** The calls of the complaint console, for `GET /`. */
export const complaintConsoleCalls = {
  'GET /_merchant/complaints': 'the complaints with their history',
  'POST /_merchant/complaints/{complaintId}': `{action: ${actionNames.map((name) => `"${name}"`).join(' | ')}, text?}: acts for the buyer or the platform`,
};

/** `GET /_merchant/complaints`: oldest first. */
export function listComplaints({ complaints }: PayWorld): object {
  return complaints.all().map(describeComplaint);
}

/** `POST /_merchant/complaints/{complaintId}`: `notify` is the first delivery of the notification. */
export async function actOnComplaint(
  { complaints }: PayWorld,
  complaintId: string,
  body: ControlBody,
): Promise<object> {
  const complaint = complaints.find(complaintId);
  const action = readChoice(body, 'action', actionNames);
  if (!action) throw controlParamError('action is missing');
  let notify = null;
  if (action === 'user-cancels') complaints.cancel(complaint);
  else notify = await complaints.act(complaint, ACTIONS[action], readWords(action, body));
  return { complaintId, state: complaint.state, notify };
}

/** Messages need a text; the other actions may have one. */
function readWords(action: keyof typeof ACTIONS, body: ControlBody): string | undefined {
  const isMessage = action === 'user-responds' || action === 'platform-responds';
  return isMessage ? readText(body, 'text') : readOptionalText(body, 'text');
}

function describeComplaint(complaint: Complaint): object {
  const { complaintId, order, createdAt, text, refundFen, state, buyerWaits, times, inPlatformService } = complaint;
  return {
    complaintId,
    outTradeNo: order.terms.outTradeNo,
    createdAt: beijingIso(createdAt),
    state,
    text,
    ...(refundFen !== undefined && { refundFen }),
    isRefunded: isFullyRefunded(complaint),
    buyerWaits,
    times,
    inPlatformService,
    history: complaint.history.map(({ at, operator, type, text: words }) => ({
      at: beijingIso(at),
      operator,
      type,
      ...(words !== undefined && { text: words }),
    })),
  };
}
