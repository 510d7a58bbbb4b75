import { ControlError } from './control-error.ts';
import { isRecord, jsonAnswer } from './http.ts';
import type { Answer } from './http.ts';

const callActions = ['timeout', '5xx', 'garbage', 'busy', 'token-expired'] as const;
const notifyActions = ['drop-notify', 'duplicate-notify', 'tamper-notify', 'late-notify', 'probe-notify'] as const;
const notifyTargets = ['notify', 'pay-notify'];

export type CallFault = (typeof callActions)[number];
export type NotifyFault = (typeof notifyActions)[number];

interface Plan<Action> {
  target: string;
  action: Action;
  left: number;
}

/** The faults that wait to be played; each matching call or delivery uses one of them up, oldest first. */
export class Faults {
  #calls: Plan<CallFault>[] = [];
  #notifications: Plan<NotifyFault>[] = [];

  /** Takes in the body of `POST /_faults`. */
  plan(input: unknown): void {
    const { target, action, times = 1 } = isRecord(input) ? input : {};
    if (typeof target !== 'string' || target === '') throw invalid('target must be a part of a path, "*" or "notify"');
    if (typeof times !== 'number' || !Number.isInteger(times) || times < 1) throw invalid('times must be 1 or more');
    const forNotify = notifyTargets.includes(target);
    const callAction = callActions.find((known) => known === action);
    const notifyAction = notifyActions.find((known) => known === action);
    if (callAction && !forNotify) this.#calls.push({ target, action: callAction, left: times });
    else if (notifyAction && forNotify) this.#notifications.push({ target, action: notifyAction, left: times });
    else throw invalid(unknownAction(action));
  }

  forCall(path: string, area: 'platform' | 'pay'): CallFault | undefined {
    const plan = this.#calls.find(
      ({ target, action, left }) =>
        left > 0 && (target === '*' || path.includes(target)) && !(area === 'pay' && action === 'token-expired'),
    );
    return use(plan);
  }

  forNotification(): NotifyFault | undefined {
    return use(this.#notifications.find(({ left }) => left > 0));
  }
}

/** The broken answer of a faulted call; undefined means none at all. */
export function faultAnswer(fault: CallFault, area: 'platform' | 'pay'): Answer | undefined {
  switch (fault) {
    case 'timeout':
      return undefined;
    case '5xx':
      return { status: 502, headers: { 'Content-Type': 'text/html' }, body: '<html><h1>502 Bad Gateway</h1></html>' };
    case 'garbage':
      return { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<html>not what you asked for</html>' };
    case 'token-expired':
      return jsonAnswer(200, { errcode: 40001, errmsg: 'invalid credential, access_token is invalid or not latest' });
    case 'busy':
      return area === 'pay'
        ? jsonAnswer(500, { code: 'SYSTEM_ERROR', message: '系统异常，请稍后重试' })
        : jsonAnswer(200, { errcode: -1, errmsg: 'system error' });
  }
}

function use<Action>(plan: Plan<Action> | undefined): Action | undefined {
  if (plan) plan.left -= 1;
  return plan?.action;
}

function invalid(message: string): ControlError {
  return new ControlError(400, 'PARAM_ERROR', message);
}

function unknownAction(action: unknown): string {
  if (action === 'rotate-key') return 'rotate-key is not supported yet';
  return (
    `no such action for this target: ${JSON.stringify(action)}; ` +
    `for calls: ${callActions.join(', ')}; for target "notify": ${notifyActions.join(', ')}`
  );
}
