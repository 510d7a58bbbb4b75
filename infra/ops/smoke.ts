// `npm run smoke [-- --stage <stage>]`: checks a new deployment from outside in a few seconds. It uses the addresses in AWS,
// because the DNS record of a domain may follow later. CI rolls back a deployment that fails, so a cause outside of the
// deployment is only a warning.
import { setTimeout as sleep } from 'node:timers/promises';
import { readAwsWebhookUrl, readDeployment } from './deployment.ts';
import { checkHealth, checkLogin, checkRejectsForgery, WEBHOOKS } from './probes.ts';
import { ExternalError, runCommand } from './command.ts';
import { exitCodeOf, formatSummary, formatGroup, runCheck, type CheckOutcome } from './check-report.ts';
import { readTarget } from './target.ts';
import { parseCommandLine } from './command-line.ts';

/** A first call may be a cold start, and the DNS of a new address takes some seconds. */
const PAUSES_MS = [1_000, 3_000, 6_000];

await runCommand(async () => {
  const { stage } = parseCommandLine('Usage: npm run smoke [-- --stage <stage>]');
  const target = readTarget(stage);
  const deployment = await readDeployment(target);
  const results = await Promise.all([
    runCheck('health', () => retryDuringStartup(() => checkHealth(deployment))),
    ...WEBHOOKS.map((name) =>
      runCheck(name, () =>
        retryDuringStartup(async () => checkRejectsForgery(deployment, name, readAwsWebhookUrl(deployment, name))),
      ),
    ),
    runCheck('login', () => retryDuringStartup(async () => checkLogin(deployment))),
  ]);
  console.log(formatGroup(`Smoke test of ${target.name} (${deployment.place})`, results));
  console.log(formatSummary(results));
  return exitCodeOf(results);
});

async function retryDuringStartup(check: () => Promise<string | CheckOutcome>): Promise<string | CheckOutcome> {
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
    if (error instanceof ExternalError) return { mark: '!', note: error.message };
    throw error;
  }
}
