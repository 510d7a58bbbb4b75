import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** Where answers come from: a person, who does not see what is typed, or a file. */
export interface Answers {
  /** The next answer, a line or a whole PEM block; undefined when there is no more. */
  next(question: string): Promise<string | undefined>;
  /** Whether somebody can be asked again. */
  interactive: boolean;
  close(): void;
}

/** Answers typed at a terminal, or the lines of what is piped in. */
export function openAnswers(input: NodeJS.ReadStream, output: NodeJS.WritableStream): Answers {
  const interactive = Boolean(input.isTTY);
  // Readline handles keys and pasting, and what it would show goes nowhere. Without history no key brings an answer back.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal: interactive, historySize: 0 });
  lines.on('SIGINT', () => process.exit(130));
  const iterator = lines[Symbol.asyncIterator]();
  const nextLine = async () => {
    const { value, done } = await iterator.next();
    return done ? undefined : value.trim();
  };
  return {
    interactive,
    next: async (question) => {
      if (interactive) output.write(question);
      const answer = await readAnswer(nextLine);
      if (interactive) output.write('\n');
      return answer;
    },
    close: () => lines.close(),
  };
}

/** Everything that is piped in, as the answer to the one question there is. */
export function onlyAnswer(input: NodeJS.ReadableStream): Answers {
  const answer = text(input);
  return { interactive: false, next: async () => (await answer).trim(), close: () => undefined };
}

async function readAnswer(nextLine: () => Promise<string | undefined>): Promise<string | undefined> {
  const first = await nextLine();
  if (!first?.startsWith('-----BEGIN')) return first;
  const block = [first];
  while (!block.at(-1)!.startsWith('-----END')) {
    const line = await nextLine();
    if (line === undefined) break;
    block.push(line);
  }
  return block.join('\n');
}
