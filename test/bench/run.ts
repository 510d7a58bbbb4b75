// npm run bench [-- --json FILE]: the cost of requests, of cold starts and of a day's bills. See README.md here.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { formatBills, measureBills } from './bills.ts';
import { formatCapacity, measureCapacity } from './capacity.ts';
import { formatCosts } from './costs.ts';
import { formatColdStart, measureColdStart } from './cold-start.ts';

const values = parseOptions();

const capacity = await measureCapacity();
console.log(`Capacity, and calls to WeChat\n\n${formatCapacity(capacity)}\n`);

console.log(`What it costs\n\n${formatCosts(capacity)}\n`);

const coldStart = await measureColdStart();
console.log(`Cold start, Node ${process.version}\n\n${formatColdStart(coldStart)}`);

const bills = await measureBills();
console.log(`\nReconciliation\n\n${formatBills(bills)}`);

if (values.json) {
  const figures = { capacity, coldStart, bills, node: process.version, date: new Date().toISOString() };
  writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
}
const withinBudget =
  capacity.every((row) => row.withinBudget) &&
  coldStart.every(({ verdict }) => verdict !== 'OVER BUDGET') &&
  bills.withinBudget;
process.exitCode = withinBudget ? 0 : 1;

function parseOptions(): { json?: string } {
  try {
    return parseArgs({ options: { json: { type: 'string' } } }).values;
  } catch {
    console.error('Usage: npm run bench [-- --json FILE]');
    process.exit(2);
  }
}
