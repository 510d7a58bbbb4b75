import * as v from 'valibot';
import { AppError } from '../core/errors.ts';
import { readComplaint } from '../store/complaints.ts';
import { completeComplaint, rejectRefund, replyToBuyer, type AnswerDeps, type Answered } from './answer-complaint.ts';
import { approveRefund, type ApproveDeps } from './approve-refund.ts';
import { apiOf, depsOf, type ComplaintApis } from './apis.ts';
import { complaintRequest } from './requests.ts';
import {
  listComplaints,
  showComplaint,
  type ListedComplaints,
  type ShowDeps,
  type ShownComplaint,
} from './show-complaints.ts';

export type OperateDeps = ShowDeps &
  AnswerDeps &
  Omit<ApproveDeps, 'decideRefund'> &
  Partial<Pick<ApproveDeps, 'decideRefund'>>;

/**
 * Performs a request of an operator about complaints. Every action stores the new details of its complaint.
 * @throws PARAM_ERROR naming the invalid field, or when the API of the complaint has no such action
 * @throws NOT_CONFIGURED when the API of the complaint is not set up; the errors of the action
 */
export async function operateComplaints(
  apis: ComplaintApis<OperateDeps>,
  input: unknown,
): Promise<ListedComplaints | ShownComplaint | Answered> {
  const parsed = v.safeParse(complaintRequest, input);
  if (!parsed.success) throw new AppError('PARAM_ERROR', v.summarize(parsed.issues));
  const request = parsed.output;
  if (request.action === 'list') return listComplaints(apis, request);
  const deps = await findApi(apis, request.complaintId);
  switch (request.action) {
    case 'show':
      return showComplaint(deps, request);
    case 'reply':
      return replyToBuyer(deps, request);
    case 'complete':
      return completeComplaint(deps, request);
    case 'approve-refund':
      return approveRefund(withDecisions(deps), request);
    case 'reject-refund':
      return rejectRefund(withDecisions(deps), request);
  }
}

/** Returns the dependencies for a complaint. A complaint without an item is asked for at the only API, else at API v3. */
async function findApi(apis: ComplaintApis<OperateDeps>, complaintId: string): Promise<OperateDeps> {
  const [first, ...others] = depsOf(apis);
  const stored = first && others.length > 0 ? await readComplaint(first.table, complaintId, 'eventual') : undefined;
  return !stored && first ? first : apiOf(apis, stored ?? {});
}

/** @throws PARAM_ERROR for a complaint of virtual payment */
function withDecisions({ decideRefund, ...deps }: OperateDeps): ApproveDeps {
  if (decideRefund) return { ...deps, decideRefund };
  const advice = 'refund the order with pay-refund if the buyer is right, reply, then complete the complaint';
  throw new AppError('PARAM_ERROR', `action: virtual payment has no decision about a refund; ${advice}`);
}
