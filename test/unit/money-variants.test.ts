// Checks that the property test of money (test/integration/money-property.test.ts) knows every variant of the simulator.
import { describe, expect, it } from 'vitest';
import { allVariants, randomFaults, useOf, USES, type Fault } from '../support/money-variants.ts';

describe('the variants of the property test of money', () => {
  const nameOf = ({ target, action }: Fault) => `${target}/${action}`;

  it('have a use each: in lives of a kind, no payment, or excluded with a reason', () => {
    const missing = allVariants().filter((variant) => useOf(variant) === undefined);
    expect(missing.map(nameOf), 'Add the target or the variant to USES in test/support/money-variants.ts').toEqual([]);
  });

  it('exist in the simulator', () => {
    const known = new Set(allVariants().flatMap((variant) => [variant.target, nameOf(variant)]));
    expect(Object.keys(USES).filter((name) => !known.has(name))).toEqual([]);
  });

  it.each(['merchant', 'virtual'] as const)('are met at random by lives of their kind: %s', (kind) => {
    const random = new Set(randomFaults(kind).map(nameOf));
    const used = allVariants().filter((variant) => useOf(variant) === kind);
    expect(used.length).toBeGreaterThan(5);
    expect(used.map(nameOf).filter((name) => !random.has(name))).toEqual([]);
    expect(random.has('menu/retired-rule')).toBe(false);
    expect(random.has('virtual-push/no-push')).toBe(false);
  });
});
