// `npx node infra/ops/deployed.ts --stage <stage>`: prints the timestamp of the deployment that runs, for `serverless
// rollback --timestamp`. Prints nothing before the first deployment. (npx: the Node of this package runs TypeScript.)
import { readRunningTimestamp } from './deployment.ts';
import { runCommand, UsageError } from './command.ts';
import { readTarget } from './target.ts';
import { parseCommandLine } from './command-line.ts';

const USAGE = 'Usage: npx node infra/ops/deployed.ts --stage <stage>';

await runCommand(async () => {
  const { stage } = parseCommandLine(USAGE);
  if (!stage) throw new UsageError(USAGE);
  const timestamp = await readRunningTimestamp(readTarget(stage));
  if (timestamp) console.log(timestamp);
});
