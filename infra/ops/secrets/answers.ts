import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** The source of values: an operator at a terminal, without echo, or piped input. */
export interface Answers {
  /** Returns the next answer, a line or a whole PEM block; undefined at the end of the input. */
  next(question: string): Promise<string | undefined>;
  /** Whether the operator can correct a wrong answer. */
  interactive: boolean;
  close(): void;
}

/** Reads answers from a terminal, or line by line from piped input. */
export function openAnswers(input: NodeJS.ReadStream, output: NodeJS.WritableStream): Answers {
  const interactive = Boolean(input.isTTY);
  // Readline handles keys and pasting; its echo is discarded. Without a history no key shows an earlier answer.
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

/** Reads all piped input as the answer to a single question. */
export function readPipedAnswer(input: NodeJS.ReadableStream): Answers {
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
