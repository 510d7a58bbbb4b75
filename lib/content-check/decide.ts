import * as v from 'valibot';
import { AppError } from '../core/errors.ts';
import { readCheck, type ContentCheck } from '../store/content-checks.ts';
import { conclude, type ConcludeDeps } from './conclude.ts';

const id = v.pipe(v.string(), v.regex(/^[0-9a-z]{32}$/, 'is not the id of an event'));
const decision = v.picklist(['approve', 'refuse'], 'must be approve or refuse');
const request = v.union(
  [v.strictObject({ uploadId: id, decision }), v.strictObject({ checkId: id, decision })],
  'must be {"uploadId": "…", "decision": "approve" | "refuse"}, or with the checkId of content.held in place of uploadId',
);

/** A decided content, for operators. An earlier final decision remains, so `state` can differ from the request. */
export interface DecidedContent {
  userId: string;
  kind: ContentCheck['kind'];
  subject?: string;
  /** The address of the picture, which no longer answers after a refusal of an upload. */
  url?: string;
  state: ContentCheck['state'];
}

/**
 * Decides content that WeChat did not decide. `approve` shows it, `refuse` removes it.
 * @throws PARAM_ERROR for a malformed input; NOT_FOUND without such a check
 */
export async function decideContent(deps: ConcludeDeps, input: unknown): Promise<DecidedContent> {
  const parsed = v.safeParse(request, input);
  if (!parsed.success) throw new AppError('PARAM_ERROR', v.summarize(parsed.issues));
  const { output } = parsed;
  const check = await readCheck(deps.table, 'uploadId' in output ? output.uploadId : output.checkId, deps.now());
  if (!check) {
    throw new AppError(
      'NOT_FOUND',
      'No check has this id; a check is kept for 90 days, and for a day after its decision',
    );
  }
  const wanted = output.decision === 'approve' ? 'passed' : 'refused';
  const state = await conclude(deps, check, wanted);
  const { userId, kind, subject, content } = check;
  return {
    userId,
    kind,
    ...(subject !== undefined && { subject }),
    ...(content && 'url' in content && { url: content.url }),
    state,
  };
}
