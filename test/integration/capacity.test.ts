// Checks the budgets of the benchmark in every test run, because consumed units are the same on every machine.
import { expect, it } from 'vitest';
import { measureCapacity } from '../bench/capacity.ts';

it('every flow stays within its budget of capacity units and calls to WeChat', async () => {
  const rows = await measureCapacity();
  expect(rows.length).toBeGreaterThan(8);
  expect(rows.filter(({ withinBudget }) => !withinBudget)).toEqual([]);
});
