// `npm run smoke [-- --stage <stage>]`: whether what was just deployed works, seen from outside and in a few seconds. It
// uses the addresses that AWS made: a domain may lead here only later. CI takes back a deployment that fails it, so what is
// not the deployment's fault is said, and fails nothing.
import { setTimeout as sleep } from 'node:timers/promises';
import { ownUrl, readDeployment } from './deployment.ts';
import { checkHealth, checkLogin, checkRefusal, WEBHOOKS } from './probes.ts';
import { Elsewhere, runCommand } from './refusal.ts';
import { exitCodeOf, formatEnd, formatGroup, row, type Finding } from './rows.ts';
import { readTarget } from './target.ts';
import { readWords } from './words.ts';

/** A first call may meet a cold start, and a new address takes some seconds to be known. */
const PAUSES_MS = [1_000, 3_000, 6_000];

await runCommand(async () => {
  const { stage } = readWords('Usage: npm run smoke [-- --stage <stage>]');
  const target = readTarget(stage);
  const deployment = await readDeployment(target);
  const rows = await Promise.all([
    row('health', () => patiently(() => checkHealth(deployment))),
    ...WEBHOOKS.map((name) =>
      row(name, () => patiently(async () => checkRefusal(deployment, name, ownUrl(deployment, name)))),
    ),
    row('login', () => patiently(async () => checkLogin(deployment))),
  ]);
  console.log(formatGroup(`Smoke test of ${target.name} (${deployment.place})`, rows));
  console.log(formatEnd(rows));
  return exitCodeOf(rows);
});

async function patiently(check: () => Promise<string | Finding>): Promise<string | Finding> {
  for (const pauseMs of PAUSES_MS) {
    try {
      return await check();
    } catch {
      await sleep(pauseMs);
    }
  }
  try {
    return await check();
  } catch (error) {
    if (error instanceof Elsewhere) return { mark: '!', note: error.message };
    throw error;
  }
}
