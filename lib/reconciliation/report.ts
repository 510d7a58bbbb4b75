import type { FileHandle } from 'node:fs/promises';
import type { Difference } from '../store/bills.ts';

const FLUSH_CHARS = 64 * 1024;

/** A report that grows in a scratch file: a day of a million differences needs no more memory than one of none. */
export interface Report {
  add(difference: Difference): Promise<void>;
  /** Writes the end. */
  end(): Promise<void>;
}

/** Begins `{...head, "differences": [...]}`, one difference on a line. */
export function startReport(file: FileHandle, head: Record<string, unknown>): Report {
  let text = `${JSON.stringify(head, undefined, 2).slice(0, -2)},\n  "differences": [`;
  let between = '\n    ';
  let written: Promise<void> = Promise.resolve();
  // One write after the other, whoever asked for it: they would mix otherwise.
  const flush = () => {
    const ready = text;
    text = '';
    written = written.then(() => file.appendFile(ready));
    return written;
  };
  return {
    add: async ({ kind, no, ours, theirs }) => {
      text += between + JSON.stringify({ kind, no, ours, theirs });
      between = ',\n    ';
      if (text.length >= FLUSH_CHARS) await flush();
    },
    end: () => {
      text += '\n  ]\n}\n';
      return flush();
    },
  };
}
