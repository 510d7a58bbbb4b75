// Time and memory of reconciling a day of a million payments, whose bills are 430 MB of text.
import { expectedOf, makeDay } from '../support/bill-day.ts';
import { startBillServer } from '../support/bill-server.ts';
import { MEMORY_MB, runBills, type BillRun } from '../support/run-bills.ts';
import { startLedger } from './ledger-stand-in.ts';

const LINES = 1_000_000;
/** Half of the function's 1024 MB. The other half is room for larger days and for days with many differences. */
const PEAK_MB_BUDGET = 512;

export interface BillFigures extends BillRun {
  megabytes: number;
  withinBudget: boolean;
}

/**
 * Runs `pay-bills` on a trade bill and a fund-flow bill of `lines` lines each.
 * @param options.memoryMb memory of the function; the deployed size by default
 * @throws Error when the result is wrong
 */
export async function measureBills(lines = LINES, options: { memoryMb?: number } = {}): Promise<BillFigures> {
  const [wechat, ledger] = [await startBillServer(), await startLedger(lines)];
  try {
    const { trade, fundFlow } = await makeDay(lines);
    Object.assign(wechat.offers, { trade: [trade], fundFlow: [fundFlow] });
    const run = await runBills(wechat, { tableName: 'bench', endpoint: ledger.endpoint }, options);
    const { lines: read, differences } = run.answer;
    const expected = expectedOf(lines);
    if (read !== expected.lines || differences !== expected.differences) {
      throw new Error(`pay-bills returned ${JSON.stringify(run.answer)}; expected ${JSON.stringify(expected)}`);
    }
    const megabytes = (trade.bytes.length + fundFlow.bytes.length) / 1024 ** 2;
    return { ...run, megabytes, withinBudget: run.peakMb < PEAK_MB_BUDGET };
  } finally {
    wechat.close();
    ledger.close();
  }
}

/** Formats the figures as one line of text. */
export function formatBills({ answer, megabytes, peakMb, seconds, cpuSeconds, withinBudget }: BillFigures): string {
  const figures = [
    `${answer.lines} lines (${megabytes.toFixed(0)} MB compressed)`,
    `peak ${peakMb.toFixed(0)} MB, budget ${PEAK_MB_BUDGET} of ${MEMORY_MB}${withinBudget ? '' : ' OVER BUDGET'}`,
    `${seconds.toFixed(0)} s, ${cpuSeconds.toFixed(0)} s of CPU`,
  ];
  return figures.join('; ');
}
