// The behaviours of WeChat Pay that a random life of an order may meet (test/integration/money-property.test.ts).
import { VARIANTS } from '../../infra/simulator/variants.ts';

export interface Fault {
  target: string;
  action: string;
  errcode?: number;
}

/** The protocols of a life: those of a merchant number, or virtual payment. */
type Kind = 'merchant' | 'virtual';

type Use =
  /** A life of these protocols may meet each variant of the target at any time. */
  | Kind
  /** The target has nothing to do with payments. */
  | 'no payment'
  /** No life meets the variants, because of this reason. */
  | { not: string };

/**
 * The use of each target of VARIANTS. `target/action` is the use of one variant and wins over its target. A target that is
 * missing here is met by no life, and a unit test reports it.
 */
export const USES: Record<string, Use> = {
  encrypted: 'no payment',
  menu: 'no payment',
  getwxacodeunlimit: 'no payment',
  stable_token: 'no payment',
  'official-push': 'no payment',
  'miniapp-push': 'no payment',
  'msg-sec-check': 'no payment',
  'media-check': 'no payment',
  'trade-push': 'no payment',
  'upload-shipping': 'no payment',
  settlement: 'no payment',
  'virtual-push': 'virtual',
  // Nothing but its push reports a refund in the console, and WeChat repeats this push for hours.
  'virtual-push/no-push': { not: 'a life loses the delivery push in a step of its own' },
  'query-order': 'virtual',
  'provide-goods': 'virtual',
  goods: 'no payment',
  'virtual-bill': { not: 'a life ends before the bill of its day' },
  'pay-error': 'merchant',
  create: 'merchant',
  close: 'merchant',
  v2: 'merchant',
  notify: 'merchant',
  certificates: 'merchant',
  'text-length': 'merchant',
  refund: 'merchant',
  pay: 'merchant',
  bill: { not: 'a life ends before the bill of its day' },
};

/** The faults of the simulator that a life may meet besides the variants. Faults that wait for a timeout are too slow. */
const FAULTS: Record<Kind, Fault[]> = {
  merchant: [
    ...failuresOf('/pay/', '/refund'),
    ...['drop', 'duplicate', 'late', 'tamper', 'unsigned', 'probe', 'no-sign-type'].map((kind) => ({
      target: 'notify',
      action: `${kind}-notify`,
    })),
    ...['refund-abnormal', 'refund-closed', 'refund-not-enough'].map((action) => ({ target: 'refund', action })),
  ],
  virtual: [
    ...failuresOf('/xpay/query_order', '/xpay/refund_order', '/xpay/notify_provide_goods'),
    { target: '/xpay/', action: 'token-expired' },
    // A limit of calls.
    { target: '/xpay/', action: 'errcode', errcode: 268490015 },
    // The refundable rest has changed.
    { target: '/xpay/refund_order', action: 'errcode', errcode: 268490016 },
    { target: 'refund', action: 'refund-closed' },
  ],
};

function failuresOf(...targets: string[]): Fault[] {
  return targets.flatMap((target) => ['5xx', 'accepted-5xx', 'garbage', 'busy'].map((action) => ({ target, action })));
}

/** Returns the use of a variant; undefined if `USES` names neither the variant nor its target. */
export function useOf({ target, action }: Fault): Use | undefined {
  return USES[`${target}/${action}`] ?? USES[target];
}

export function allVariants(): Fault[] {
  return Object.entries<readonly string[]>(VARIANTS).flatMap(([target, actions]) =>
    actions.map((action) => ({ target, action })),
  );
}

/** Returns everything that a life of a kind may meet. */
export function randomFaults(kind: Kind): Fault[] {
  return [...FAULTS[kind], ...allVariants().filter((variant) => useOf(variant) === kind)];
}
