// Runs the function `pay-bills` for one day in its own process, and prints its result, memory and time.
import { existsSync, readFileSync } from 'node:fs';
import { handler } from '../../functions/pay-bills.ts';
import { DAY } from './bill-day.ts';

async function main(): Promise<void> {
  const began = performance.now();
  const answer = await handler({ date: DAY });
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  const spent = {
    answer,
    peakMb: peakKb() / 1024,
    seconds: (performance.now() - began) / 1_000,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1_000_000,
  };
  console.log(JSON.stringify(spent));
}

/** On Linux `maxRSS` includes the memory of the parent at the fork; the status file has the peak of this program. */
function peakKb(): number {
  const path = '/proc/self/status';
  const own = existsSync(path) && /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(path, 'utf8'))?.[1];
  return own ? Number(own) : process.resourceUsage().maxRSS;
}

void main();
