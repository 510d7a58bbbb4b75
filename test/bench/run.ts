// npm run bench [-- --json FILE]: what a request costs, and what a cold start costs. See README.md here.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { formatCapacity, measureCapacity } from './capacity.ts';
import { formatColdStart, measureColdStart } from './cold-start.ts';

const { values } = parseArgs({ options: { json: { type: 'string' } } });

const capacity = await measureCapacity();
console.log(`Capacity, and calls to WeChat\n\n${formatCapacity(capacity)}\n`);

const coldStart = await measureColdStart();
console.log(`Cold start, Node ${process.version}\n\n${formatColdStart(coldStart)}`);

if (values.json) {
  const figures = { capacity, coldStart, node: process.version, date: new Date().toISOString() };
  writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
}
const withinBudget =
  capacity.every((row) => row.withinBudget) && coldStart.every(({ verdict }) => verdict !== 'OVER BUDGET');
process.exitCode = withinBudget ? 0 : 1;
