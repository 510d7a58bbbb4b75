import * as v from 'valibot';
import { AppError } from '../core/errors.ts';
import { completeComplaint, rejectRefund, replyToBuyer, type Answered } from './answer-complaint.ts';
import { approveRefund, type ApproveDeps } from './approve-refund.ts';
import { complaintRequest } from './requests.ts';
import {
  listComplaints,
  showComplaint,
  type ListedComplaints,
  type ShowDeps,
  type ShownComplaint,
} from './show-complaints.ts';

export type OperateDeps = ShowDeps & ApproveDeps;

/**
 * Performs a request of an operator about complaints. Every action stores the new details of its complaint.
 * @throws PARAM_ERROR naming the invalid field; the errors of the action
 */
export async function operateComplaints(
  deps: OperateDeps,
  input: unknown,
): Promise<ListedComplaints | ShownComplaint | Answered> {
  const parsed = v.safeParse(complaintRequest, input);
  if (!parsed.success) throw new AppError('PARAM_ERROR', v.summarize(parsed.issues));
  const request = parsed.output;
  switch (request.action) {
    case 'list':
      return listComplaints(deps, request);
    case 'show':
      return showComplaint(deps, request);
    case 'reply':
      return replyToBuyer(deps, request);
    case 'complete':
      return completeComplaint(deps, request);
    case 'approve-refund':
      return approveRefund(deps, request);
    case 'reject-refund':
      return rejectRefund(deps, request);
  }
}
