import type { PayV3Deps } from '../../../lib/wechat-pay/v3/client.ts';
import {
  createComplaintCallback,
  queryComplaintCallback,
  updateComplaintCallback,
} from '../../../lib/wechat-pay/v3/complaint-callback.ts';
import type { CheckOutcome } from '../check-report.ts';

/**
 * Compares the registered address for the notifications of complaints with the address of this stage. A merchant has one
 * address, which several stages and systems may share.
 * @param fix registers the address of this stage
 */
export async function checkComplaintAddress(
  deps: PayV3Deps,
  { url, fix }: { url: string; fix: boolean },
): Promise<string | CheckOutcome> {
  const current = await queryComplaintCallback(deps);
  if (current === url) return url;
  if (!fix) return { mark: '!', note: `${current ? `is ${current}: ${ELSEWHERE}` : NOWHERE} ${url}` };
  await (current === undefined ? createComplaintCallback : updateComplaintCallback)(deps, url);
  return `changed to ${url}; before: ${current ?? 'none'}`;
}

const NOWHERE = 'is not registered: complaints are found once a day only → npm run doctor -- --fix registers';
const ELSEWHERE = 'another system gets the notifications → npm run doctor -- --fix replaces it by';
