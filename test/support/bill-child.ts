// The function `pay-bills` in a process of its own, for one day: prints its answer and what it took.
import { handler } from '../../functions/pay-bills.ts';
import { DAY } from './bill-day.ts';

async function main(): Promise<void> {
  const began = performance.now();
  const answer = await handler({ date: DAY });
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  const spent = {
    answer,
    peakMb: maxRSS / 1024,
    seconds: (performance.now() - began) / 1_000,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1_000_000,
  };
  console.log(JSON.stringify(spent));
}

void main();
