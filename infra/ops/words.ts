import { parseArgs } from 'node:util';
import { WrongUse } from './refusal.ts';

interface Words {
  /** What `--stage` says; undefined without it. */
  stage: string | undefined;
  /** What stands there besides. */
  words: string[];
}

/**
 * The command line of an operator: `--stage`, and words where a command takes some.
 * @throws WrongUse with `usage` alone: what was typed may be a value that nobody should see again
 */
export function readWords(usage: string, { allowPositionals = false } = {}): Words {
  try {
    const { values, positionals } = parseArgs({ allowPositionals, options: { stage: { type: 'string' } } });
    return { stage: values.stage, words: positionals };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS')) throw new WrongUse(usage);
    throw error;
  }
}
