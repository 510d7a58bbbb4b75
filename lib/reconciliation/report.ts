import type { FileHandle } from 'node:fs/promises';
import type { Difference } from '../store/bills.ts';

const FLUSH_CHARS = 64 * 1024;

/** A report that is written to a temporary file, so that memory use does not depend on the number of differences. */
export interface Report {
  add(difference: Difference): Promise<void>;
  /** Writes the end of the JSON. */
  end(): Promise<void>;
}

/** Starts the JSON `{...head, "differences": [...]}` in `file`, one difference per line. */
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
    end: () => {
      text += '\n  ]\n}\n';
      return flush();
    },
  };
}
