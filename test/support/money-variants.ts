// The behaviours of WeChat Pay that a random life of an order may meet (test/integration/money-property.test.ts).
import { VARIANTS } from '../../infra/simulator/variants.ts';

export interface Fault {
  target: string;
  action: string;
}

type Use =
  /** A life may meet each variant of the target at any time. */
  | 'at random'
  /** The target has nothing to do with payments. */
  | 'no payment'
  /** No life meets the variants, because of this reason. */
  | { not: string };

/**
 * The use of each target of VARIANTS. `target/action` is the use of one variant and wins over its target. A target that is
 * missing here is used at random, and a unit test reports it.
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
  'virtual-push': { not: 'a life pays through API v3 or API v2' },
  'query-order': { not: 'a life pays through API v3 or API v2' },
  'provide-goods': { not: 'a life pays through API v3 or API v2' },
  goods: 'no payment',
  'virtual-bill': { not: 'a life ends before the bill of its day' },
  'pay-error': 'at random',
  create: 'at random',
  close: 'at random',
  v2: 'at random',
  notify: 'at random',
  certificates: 'at random',
  'text-length': 'at random',
  refund: 'at random',
  pay: 'at random',
  bill: { not: 'a life ends before the bill of its day' },
};

/** The faults of the simulator that a life may meet besides the variants. Faults that wait for a timeout are too slow. */
const FAULTS: Fault[] = [
  ...['5xx', 'accepted-5xx', 'garbage', 'busy'].flatMap((action) =>
    ['/pay/', '/refund'].map((target) => ({ target, action })),
  ),
  ...['drop', 'duplicate', 'late', 'tamper', 'unsigned', 'probe', 'no-sign-type'].map((kind) => ({
    target: 'notify',
    action: `${kind}-notify`,
  })),
  ...['refund-abnormal', 'refund-closed', 'refund-not-enough'].map((action) => ({ target: 'refund', action })),
];

/** Returns the use of a variant; undefined if `USES` names neither the variant nor its target. */
export function useOf({ target, action }: Fault): Use | undefined {
  return USES[`${target}/${action}`] ?? USES[target];
}

export function allVariants(): Fault[] {
  return Object.entries<readonly string[]>(VARIANTS).flatMap(([target, actions]) =>
    actions.map((action) => ({ target, action })),
  );
}

/** Returns everything that a life may meet. */
export function randomFaults(): Fault[] {
  return [...FAULTS, ...allVariants().filter((variant) => (useOf(variant) ?? 'at random') === 'at random')];
}
