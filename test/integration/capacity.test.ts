// Checks the budgets of the benchmark in every test run, because consumed units are the same on every machine.
import { expect, it } from 'vitest';
import { BUDGETS } from '../bench/budgets.ts';
import { measureCapacity } from '../bench/capacity.ts';

it('every flow stays within its budget of capacity units and calls to WeChat', async () => {
  const rows = await measureCapacity();
  expect(rows.length).toBeGreaterThan(8);
  expect(rows.filter(({ withinBudget }) => !withinBudget)).toEqual([]);
});

it('a payment notification starts the shipping with its event, and has no more units than its two writes', () => {
  expect(BUDGETS['pay notification, first'].budget).toEqual({ rru: 0.5, wru: 3, calls: 0 });
  expect(BUDGETS['pay notification, repeat'].budget).toEqual({ rru: 0.5, wru: 1, calls: 0 });
});
