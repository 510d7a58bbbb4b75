// `npm run redrive -- --stage <stage>`: tells the functions again what is in the dead-letter queues of a stage. A letter is
// taken out once the function has taken all of it; all others stay. Exit code 1 when one stays.
import { readDeployment } from './deployment.ts';
import { deliver } from './redrive/deliver.ts';
import { openQueue } from './redrive/queue.ts';
import { readConsumerLetter, readStreamLetter, type Letter, type ReadLetter } from './redrive/letter.ts';
import { Refusal, runCommand, WrongUse } from './refusal.ts';
import { exitCodeOf, formatEnd, formatRow, row, type Row } from './rows.ts';
import { readTarget, type Target } from './target.ts';
import { readWords } from './words.ts';

const USAGE = 'Usage: npm run redrive -- --stage <stage>';

const QUEUES: [output: string, read: ReadLetter][] = [
  ['StreamDeadLettersUrl', readStreamLetter],
  ['ConsumerDeadLettersUrl', readConsumerLetter],
];

await runCommand(async () => {
  const { stage } = readWords(USAGE);
  if (!stage) throw new WrongUse(USAGE);
  const target = readTarget(stage);
  const { outputs } = await readDeployment(target);
  const rows: Row[] = [];
  for (const [output, read] of QUEUES) {
    const url = outputs[output];
    if (!url) throw new Refusal(`The stack has no ${output} among its outputs.`);
    console.log(output.replace(/Url$/, ''));
    for await (const one of redrive(target, url, read)) {
      console.log(formatRow(one));
      rows.push(one);
    }
  }
  console.log(formatEnd(rows));
  return exitCodeOf(rows);
});

async function* redrive(target: Target, url: string, read: ReadLetter): AsyncGenerator<Row> {
  const queue = openQueue(target, url);
  try {
    for await (const message of queue.messages()) {
      const told = await tell(target, () => read(message, target));
      if (told.mark === '✓') await queue.remove(message);
      yield told;
    }
  } finally {
    await queue.release();
  }
}

async function tell(target: Target, read: () => Letter): Promise<Row> {
  let name = 'a letter';
  const found = await row(name, async () => {
    const letter = read();
    name = letter.functionName;
    return deliver(target, letter);
  });
  return { ...found, name };
}
