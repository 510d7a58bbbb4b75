import type { FileHandle } from 'node:fs/promises';
import type { Difference } from '../store/bills.ts';

const FLUSH_CHARS = 64 * 1024;

/** A report that is written to a temporary file, so that memory use does not depend on the number of differences. */
export interface Report {
  add(difference: Difference): Promise<void>;
  /** Writes the end of the JSON, with further fields. */
  end(tail: Record<string, unknown>): Promise<void>;
}

/** Starts the JSON `{...head, "differences": [...], ...tail}` in `file`, one difference and one field of `tail` per line. */
export function startReport(file: FileHandle, head: Record<string, unknown>): Report {
  let text = `${JSON.stringify(head, undefined, 2).slice(0, -2)},\n  "differences": [`;
  let separator = '\n    ';
  let written: Promise<void> = Promise.resolve();
  // Writes are queued, because concurrent appends would interleave.
  const flush = () => {
    const ready = text;
    text = '';
    written = written.then(() => file.appendFile(ready));
    return written;
  };
  return {
    add: async ({ kind, no, ours, theirs }) => {
      text += separator + JSON.stringify({ kind, no, ours, theirs });
      separator = ',\n    ';
      if (text.length >= FLUSH_CHARS) await flush();
    },
    end: (tail) => {
      const fields = Object.entries(tail).map(
        ([name, value]) => `,\n  ${JSON.stringify(name)}: ${JSON.stringify(value)}`,
      );
      text += `\n  ]${fields.join('')}\n}\n`;
      return flush();
    },
  };
}
