import { readCount, readInteger } from './control-body.ts';
import { controlParamError } from './control-error.ts';
import { isRecord } from './http.ts';
import type { Answer } from './http.ts';
import { errcodeMessage, errcodeAnswer } from './platform/error.ts';
import { VARIANTS } from './variants.ts';
import type { Variant, VariantTarget } from './variants.ts';

const platformOnlyActions = ['token-expired', 'errcode'] as const;
const lostAnswers = ['accepted-5xx', 'accepted-timeout'] as const;
const callActions = ['timeout', '5xx', 'garbage', 'busy', ...platformOnlyActions, ...lostAnswers] as const;
const notifyActions = [
  'drop-notify',
  'duplicate-notify',
  'late-notify',
  'tamper-notify',
  'probe-notify',
  'unsigned-notify',
  'no-sign-type-notify',
] as const;
const refundActions = ['refund-abnormal', 'refund-closed', 'refund-not-enough'] as const;
const billActions = ['wrong-hash'] as const;

type CallAction = (typeof callActions)[number];
export type NotifyFault = (typeof notifyActions)[number];
/** The notifications of payments and refunds, and those of complaints. */
export type NotifyTarget = 'notify' | 'complaint-notify';
type RefundFault = (typeof refundActions)[number];

/** The faults of each target. The target of a call fault is a part of the path. */
const targets = [
  { names: ['notify', 'pay-notify'], actions: notifyActions },
  { names: ['complaint-notify'], actions: notifyActions },
  { names: ['refund'], actions: refundActions },
  { names: ['bill'], actions: billActions },
  { names: ['notify', 'pay-notify', 'pay', '*'], actions: ['rotate-key'] },
] as const;

const notifyTargets: readonly string[] = [...targets[0].names, ...targets[1].names];

/** The faults that can be planned, for `GET /`. */
export const faultNames = groupByTarget([
  ['a part of the path of a call, or *', callActions],
  ...targets.map(({ names, actions }) => [names.join(', '), actions] as const),
  ...Object.entries(VARIANTS),
]);

/** Joins the actions of each target. A target can have faults and variants. */
function groupByTarget(groups: (readonly [target: string, actions: readonly string[]])[]): Record<string, string[]> {
  const grouped: Record<string, string[]> = {};
  for (const [target, actions] of groups) grouped[`for ${target}`] = [...(grouped[`for ${target}`] ?? []), ...actions];
  return grouped;
}

interface CallFault {
  action: CallAction;
  /** The errcode that the action `errcode` returns. */
  errcode: number;
}

/** The planned faults of one kind, oldest first. */
class Queue<Fault> {
  readonly #plans: { fault: Fault; left: number }[] = [];

  add(fault: Fault, left: number): void {
    this.#plans.push({ fault, left });
  }

  /** Uses one repetition of the first fault that fits. */
  take(fits: (fault: Fault) => boolean = () => true): Fault | undefined {
    const plan = this.#plans.find(({ fault, left }) => left > 0 && fits(fault));
    if (plan) plan.left -= 1;
    return plan?.fault;
  }

  clear(): void {
    this.#plans.length = 0;
  }
}

/** The planned faults; each matching call or delivery uses one, oldest first. */
export class Faults {
  readonly #calls = new Queue<CallFault & { target: string }>();
  readonly #notifications: Record<NotifyTarget, Queue<NotifyFault>> = {
    notify: new Queue(),
    'complaint-notify': new Queue(),
  };
  readonly #refunds = new Queue<RefundFault>();
  readonly #bills = new Queue<'wrong-hash'>();
  readonly #variants = new Queue<{ target: string; action: string }>();
  readonly #rotateKey: () => void;

  constructor(rotateKey: () => void) {
    this.#rotateKey = rotateKey;
  }

  /** Plans a fault from the body of `POST /_faults`. */
  plan(input: unknown): void {
    const body = isRecord(input) ? input : {};
    const { target, action } = body;
    if (typeof target !== 'string' || target === '')
      throw controlParamError('target must be a part of a path, "*", "notify", "refund" or "bill"');
    const times = readCount(body, 'times');
    const errcode = readInteger(body, 'errcode', 0);
    if (action === 'errcode' && errcode === 0) throw controlParamError('errcode must be there, and not be 0');
    const callAction = callActions.find((known) => known === action);
    if (callAction && !notifyTargets.includes(target)) {
      this.#calls.add({ target, action: callAction, errcode }, times);
      return;
    }
    if (isVariant(target, action)) {
      this.#variants.add({ target, action }, times);
      return;
    }
    const known = targets.find(({ names, actions }) => includes(names, target) && includes(actions, action));
    if (!known) throw controlParamError(unknownAction(action));
    this.#planFor(target, action as (typeof known.actions)[number], times);
  }

  /** Cancels every planned fault that was not used. */
  clear(): void {
    const notifications = Object.values(this.#notifications);
    for (const queue of [this.#calls, ...notifications, this.#refunds, this.#bills, this.#variants]) queue.clear();
  }

  forCall(path: string, area: 'platform' | 'pay'): CallFault | undefined {
    // Access tokens and errcodes exist on the platform only.
    const elsewhere = area === 'pay' ? platformOnlyActions : [];
    return this.#calls.take(
      ({ target, action }) => (target === '*' || path.includes(target)) && !includes(elsewhere, action),
    );
  }

  /** @param possible whether the notification can be sent with that fault */
  forNotification(target: NotifyTarget, possible: (fault: NotifyFault) => boolean): NotifyFault | undefined {
    return this.#notifications[target].take(possible);
  }

  forRefund(): RefundFault | undefined {
    return this.#refunds.take();
  }

  forBill(): 'wrong-hash' | undefined {
    return this.#bills.take();
  }

  /** Uses one repetition of a planned variant. @returns whether the variant was planned */
  takeVariant<Target extends VariantTarget>(target: Target, action: Variant<Target>): boolean {
    return this.#variants.take((planned) => planned.target === target && planned.action === action) !== undefined;
  }

  #planFor(target: string, action: NotifyFault | RefundFault | 'wrong-hash' | 'rotate-key', times: number): void {
    if (action === 'rotate-key') for (let done = 0; done < times; done += 1) this.#rotateKey();
    else if (action === 'wrong-hash') this.#bills.add(action, times);
    else if (isRefundFault(action)) this.#refunds.add(action, times);
    else this.#notifications[target === 'complaint-notify' ? target : 'notify'].add(action, times);
  }
}

/** Whether the call takes effect and only its answer is lost. */
export function takesEffect({ action }: CallFault): boolean {
  return includes(lostAnswers, action);
}

/** Returns the faulty answer of a call, or undefined for no answer at all. `busy` differs between the hosts. */
export function faultAnswer({ action, errcode }: CallFault, busy: () => Answer): Answer | undefined {
  switch (action) {
    case 'timeout':
    case 'accepted-timeout':
      return undefined;
    case '5xx':
    case 'accepted-5xx':
      return { status: 502, headers: { 'Content-Type': 'text/html' }, body: '<html><h1>502 Bad Gateway</h1></html>' };
    case 'garbage':
      return { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<html>not what you asked for</html>' };
    case 'token-expired':
      return errcodeAnswer(40001, errcodeMessage(40001));
    case 'errcode':
      return errcodeAnswer(errcode, errcodeMessage(errcode));
    case 'busy':
      return busy();
  }
}

function isVariant(target: string, action: unknown): action is string {
  return Object.entries<readonly string[]>(VARIANTS).some(
    ([name, actions]) => name === target && includes(actions, action),
  );
}

function isRefundFault(action: NotifyFault | RefundFault): action is RefundFault {
  return includes(refundActions, action);
}

function includes(names: readonly string[], name: unknown): boolean {
  return names.some((known) => known === name);
}

function unknownAction(action: unknown): string {
  const known = Object.entries(faultNames).map(([where, actions]) => `${where}: ${actions.join(', ')}`);
  return `no such action for this target: ${JSON.stringify(action)}; ${known.join('; ')}`;
}
