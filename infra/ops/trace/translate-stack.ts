import { explainError } from '../command.ts';
import type { SourceMaps } from './source-maps.ts';

export interface Translation {
  output: string;
  /** How many positions of bundles the text holds. */
  positions: number;
  /** Why a position was not replaced, one sentence each. */
  failures: string[];
}

const POSITION = String.raw`[^\s()"'\\]*?functions\/(?<bundle>[\w-]+)\.cjs:(?<line>\d+):(?<column>\d+)`;
/** `at name (position)`, `at async name (position)`, `at position`; or a position alone. */
const FRAME = new RegExp(String.raw`(?:\bat (?<kind>async )?(?:[^()\n]*\()?)?${POSITION}\)?`, 'g');

/**
 * Replaces each position of a bundle in a text by the TypeScript file and line, and the minified name of a frame by that
 * of the source. Takes stacks and log lines of any shape; each frame of a log line gets a line of its own.
 */
export function translateStack(text: string, maps: SourceMaps): Translation {
  let positions = 0;
  const failures = new Set<string>();
  const output = breakLines(text).replace(FRAME, (frame, ...groups) => {
    const { kind = '', bundle, line, column } = groups.at(-1) as Record<string, string>;
    positions += 1;
    try {
      const found = maps.resolve({ bundle: bundle!, line: Number(line), column: Number(column) });
      if (!found) return frame;
      const place = `${found.file}:${found.line}:${found.column}`;
      if (!frame.startsWith('at ')) return place;
      return found.functionName ? `at ${kind}${found.functionName} (${place})` : `at ${kind}${place}`;
    } catch (error) {
      failures.add(explainError(error));
      return frame;
    }
  });
  return { output, positions, failures: [...failures] };
}

/** Ends the line before each frame that a log line holds: in a string (`\n    at`), and in a list of strings. */
function breakLines(text: string): string {
  return text.replace(/(?:\\+n|",\s*\\*"|(?<=:\s*\\*"))(?= +at )/g, '\n');
}
