/** The cost of one run of a flow: DynamoDB request units, and calls to WeChat. */
export interface Units {
  rru: number;
  wru: number;
  calls: number;
}

export const UNIT_NAMES = ['rru', 'wru', 'calls'] as const satisfies (keyof Units)[];

/** Returns the units between two readings. */
export function spent(before: Units, after: Units): Units {
  return { rru: after.rru - before.rru, wru: after.wru - before.wru, calls: after.calls - before.calls };
}
