// What a day of a million payments takes: memory above all, because its bills are 430 MB.
import { expectedOf, makeDay } from '../support/bill-day.ts';
import { startBillServer } from '../support/bill-server.ts';
import { runBills, type BillRun } from '../support/run-bills.ts';
import { startLedger } from './ledger-stand-in.ts';

const LINES = 1_000_000;
const PEAK_MB_BUDGET = 256;

export interface BillFigures extends BillRun {
  megabytes: number;
  withinBudget: boolean;
}

/** Runs `pay-bills` on a trade bill and a fund-flow bill of a million lines each; fails when the answer is not right. */
export async function measureBills(lines = LINES): Promise<BillFigures> {
  const [wechat, ledger] = [await startBillServer(), await startLedger(lines)];
  try {
    const { trade, fundFlow } = await makeDay(lines);
    Object.assign(wechat.offers, { trade: [trade], fundFlow: [fundFlow] });
    const run = await runBills(wechat, { tableName: 'bench', endpoint: ledger.endpoint });
    const { lines: read, differences } = run.answer;
    const expected = expectedOf(lines);
    if (read !== expected.lines || differences !== expected.differences) {
      throw new Error(`pay-bills answered ${JSON.stringify(run.answer)}, not ${JSON.stringify(expected)}`);
    }
    const megabytes = (trade.bytes.length + fundFlow.bytes.length) / 1024 ** 2;
    return { ...run, megabytes, withinBudget: run.peakMb < PEAK_MB_BUDGET };
  } finally {
    wechat.close();
    ledger.close();
  }
}

/** The line as people read it. */
export function formatBills({ answer, megabytes, peakMb, seconds, cpuSeconds, withinBudget }: BillFigures): string {
  const figures = [
    `${answer.lines} lines (${megabytes.toFixed(0)} MB compressed)`,
    `${peakMb.toFixed(0)} MB at most, of ${PEAK_MB_BUDGET}${withinBudget ? '' : ' OVER BUDGET'}`,
    `${seconds.toFixed(0)} s, ${cpuSeconds.toFixed(0)} s of them at work`,
  ];
  return figures.join('; ');
}
