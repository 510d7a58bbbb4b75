// `npm run redrive -- --stage <stage>`: invokes the functions again with the dead letters of a stage. Removes a dead letter
// when its function has processed every record; the others stay. Exit code 1 when a dead letter stays.
import { readDeployment } from './deployment.ts';
import { redeliver } from './redrive/redeliver.ts';
import { openQueue } from './redrive/queue.ts';
import {
  readConsumerDeadLetter,
  readStreamDeadLetter,
  type DeadLetter,
  type ReadDeadLetter,
} from './redrive/dead-letter.ts';
import { CommandError, runCommand, UsageError } from './command.ts';
import { exitCodeOf, formatSummary, formatResult, runCheck, type CheckResult } from './check-report.ts';
import { readTarget, type Target } from './target.ts';
import { parseCommandLine } from './command-line.ts';

const USAGE = 'Usage: npm run redrive -- --stage <stage>';

const QUEUES: [output: string, read: ReadDeadLetter][] = [
  ['StreamDeadLettersUrl', readStreamDeadLetter],
  ['ConsumerDeadLettersUrl', readConsumerDeadLetter],
];

await runCommand(async () => {
  const { stage } = parseCommandLine(USAGE);
  if (!stage) throw new UsageError(USAGE);
  const target = readTarget(stage);
  const { outputs } = await readDeployment(target);
  const results: CheckResult[] = [];
  for (const [output, read] of QUEUES) {
    const url = outputs[output];
    if (!url) throw new CommandError(`The stack has no output ${output}: deploy this version of the service.`);
    console.log(output.replace(/Url$/, ''));
    for await (const result of redriveQueue(target, url, read)) {
      console.log(formatResult(result));
      results.push(result);
    }
  }
  console.log(formatSummary(results));
  return exitCodeOf(results);
});

async function* redriveQueue(target: Target, url: string, read: ReadDeadLetter): AsyncGenerator<CheckResult> {
  const queue = openQueue(target, url);
  try {
    for await (const message of queue.messages()) {
      const result = await redriveOne(target, () => read(message, target));
      if (result.mark === '✓') await queue.remove(message);
      yield result;
    }
  } finally {
    await queue.release();
  }
}

async function redriveOne(target: Target, read: () => DeadLetter): Promise<CheckResult> {
  let name = 'unknown function';
  const result = await runCheck(name, async () => {
    const deadLetter = read();
    name = deadLetter.functionName;
    return redeliver(target, deadLetter);
  });
  return { ...result, name };
}
