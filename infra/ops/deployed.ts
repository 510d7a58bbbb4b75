// `npx node infra/ops/deployed.ts --stage <stage>`: prints the timestamp of the deployment that runs, for `serverless
// rollback --timestamp`. Prints nothing when there is none. (npx: the Node of this package, which takes TypeScript.)
import { runningTimestamp } from './deployment.ts';
import { runCommand, WrongUse } from './refusal.ts';
import { readTarget } from './target.ts';
import { readWords } from './words.ts';

const USAGE = 'Usage: npx node infra/ops/deployed.ts --stage <stage>';

await runCommand(async () => {
  const { stage } = readWords(USAGE);
  if (!stage) throw new WrongUse(USAGE);
  const timestamp = await runningTimestamp(readTarget(stage));
  if (timestamp) console.log(timestamp);
});
