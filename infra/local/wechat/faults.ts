import { readCount, readInteger } from './control-body.ts';
import { paramError } from './control-error.ts';
import { isRecord, jsonAnswer } from './http.ts';
import type { Answer } from './http.ts';
import { errorText, refusal } from './platform/error.ts';

const callActions = ['timeout', '5xx', 'garbage', 'busy', 'token-expired', 'errcode'] as const;
const notifyActions = ['drop-notify', 'duplicate-notify', 'tamper-notify', 'late-notify', 'probe-notify'] as const;
const notifyTargets = ['notify', 'pay-notify'];

type CallAction = (typeof callActions)[number];
export type NotifyFault = (typeof notifyActions)[number];

export interface CallFault {
  action: CallAction;
  /** What the action `errcode` answers. */
  errcode: number;
}

interface Plan<Fault> {
  target: string;
  fault: Fault;
  left: number;
}

/** The faults that wait to be played; each matching call or delivery uses one of them up, oldest first. */
export class Faults {
  #calls: Plan<CallFault>[] = [];
  #notifications: Plan<NotifyFault>[] = [];

  /** Takes in the body of `POST /_faults`. */
  plan(input: unknown): void {
    const body = isRecord(input) ? input : {};
    const { target, action } = body;
    if (typeof target !== 'string' || target === '')
      throw paramError('target must be a part of a path, "*" or "notify"');
    const times = readCount(body, 'times');
    const errcode = readInteger(body, 'errcode', 0);
    if (action === 'errcode' && errcode === 0) throw paramError('errcode must be there, and not be 0');
    const forNotify = notifyTargets.includes(target);
    const callAction = callActions.find((known) => known === action);
    const notifyAction = notifyActions.find((known) => known === action);
    if (callAction && !forNotify) this.#calls.push({ target, fault: { action: callAction, errcode }, left: times });
    else if (notifyAction && forNotify) this.#notifications.push({ target, fault: notifyAction, left: times });
    else throw paramError(unknownAction(action));
  }

  forCall(path: string, area: 'platform' | 'pay'): CallFault | undefined {
    const plan = this.#calls.find(
      ({ target, fault, left }) =>
        left > 0 && (target === '*' || path.includes(target)) && !(area === 'pay' && isPlatformOnly(fault)),
    );
    return use(plan);
  }

  forNotification(): NotifyFault | undefined {
    return use(this.#notifications.find(({ left }) => left > 0));
  }
}

/** The broken answer of a faulted call; undefined means none at all. */
export function faultAnswer({ action, errcode }: CallFault, area: 'platform' | 'pay'): Answer | undefined {
  switch (action) {
    case 'timeout':
      return undefined;
    case '5xx':
      return { status: 502, headers: { 'Content-Type': 'text/html' }, body: '<html><h1>502 Bad Gateway</h1></html>' };
    case 'garbage':
      return { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<html>not what you asked for</html>' };
    case 'token-expired':
      return refusal(40001, errorText(40001));
    case 'errcode':
      return refusal(errcode, errorText(errcode));
    case 'busy':
      return area === 'pay'
        ? jsonAnswer(500, { code: 'SYSTEM_ERROR', message: '系统异常，请稍后重试' })
        : refusal(-1, errorText(-1));
  }
}

function use<Fault>(plan: Plan<Fault> | undefined): Fault | undefined {
  if (plan) plan.left -= 1;
  return plan?.fault;
}

/** WeChat Pay knows no tokens and no errcodes. */
function isPlatformOnly({ action }: CallFault): boolean {
  return action === 'token-expired' || action === 'errcode';
}

function unknownAction(action: unknown): string {
  if (action === 'rotate-key') return 'rotate-key is not supported yet';
  return (
    `no such action for this target: ${JSON.stringify(action)}; ` +
    `for calls: ${callActions.join(', ')}; for target "notify": ${notifyActions.join(', ')}`
  );
}
