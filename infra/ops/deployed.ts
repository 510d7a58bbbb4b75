// `npx node infra/ops/deployed.ts --stage <stage>`: prints the timestamp of the deployment that runs, for `serverless
// rollback --timestamp`. Prints nothing when there is none. (npx: the Node of this package, which takes TypeScript.)
import { parseArgs } from 'node:util';
import { runningTimestamp } from './deployment.ts';
import { runCommand, WrongUse } from './refusal.ts';
import { readTarget } from './target.ts';

await runCommand(async () => {
  const { stage } = parseArgs({ options: { stage: { type: 'string' } } }).values;
  if (!stage) throw new WrongUse('Usage: npx node infra/ops/deployed.ts --stage <stage>');
  const timestamp = await runningTimestamp(readTarget(stage));
  if (timestamp) console.log(timestamp);
});
