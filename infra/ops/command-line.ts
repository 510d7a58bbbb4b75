import { parseArgs, type ParseArgsConfig } from 'node:util';
import { UsageError } from './command.ts';

interface CommandLine {
  /** The value of `--stage`. */
  stage: string | undefined;
  /** The other arguments. */
  positionals: string[];
}

/**
 * Parses the arguments of this process.
 * @throws UsageError with `usage` alone, because an argument may be a secret
 */
export function parseArguments<Config extends ParseArgsConfig>(usage: string, config: Config) {
  try {
    return parseArgs(config);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS')) throw new UsageError(usage);
    throw error;
  }
}

/**
 * Parses the command line of an operator: `--stage`, and other arguments where a command takes some.
 * @throws UsageError with `usage` alone
 */
export function parseCommandLine(usage: string, { allowPositionals = false } = {}): CommandLine {
  const config = { allowPositionals, options: { stage: { type: 'string' } } } as const;
  const { values, positionals } = parseArguments(usage, config);
  return { stage: values.stage, positionals };
}
