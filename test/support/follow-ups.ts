import { dueFollowUpPages, type FollowUp } from '../../lib/store/follow-ups.ts';
import type { Table } from '../../lib/store/table.ts';

/** Returns the numbers of the orders or refunds whose follow-up is due before `nowMs` (epoch ms). */
export async function dueNumbers(table: Table, kind: FollowUp['kind'], nowMs: number): Promise<string[]> {
  const found: string[] = [];
  for await (const page of dueFollowUpPages(table, { kind, nowMs })) found.push(...page.map(({ no }) => no));
  return found;
}
