import { parseArgs } from 'node:util';
import { UsageError } from './command.ts';

interface CommandLine {
  /** The value of `--stage`. */
  stage: string | undefined;
  /** The other arguments. */
  positionals: string[];
}

/**
 * Parses the command line of an operator: `--stage`, and other arguments where a command takes some.
 * @throws UsageError with `usage` alone, because an argument may be a secret
 */
export function parseCommandLine(usage: string, { allowPositionals = false } = {}): CommandLine {
  try {
    const { values, positionals } = parseArgs({ allowPositionals, options: { stage: { type: 'string' } } });
    return { stage: values.stage, positionals };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS')) throw new UsageError(usage);
    throw error;
  }
}
