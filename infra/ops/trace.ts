// `npm run trace [-- --maps <folder>] ['<stack or log line>']`: prints a stack trace from AWS with the TypeScript file, the
// line and the function behind each position of a bundle. Reads standard input when the argument is missing.
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { CommandError, runCommand, UsageError } from './command.ts';
import { parseArguments } from './command-line.ts';
import { openSourceMaps } from './trace/source-maps.ts';
import { translateStack } from './trace/translate-stack.ts';

const USAGE = `Usage: npm run trace [-- --maps <folder>] ['<stack or log line>']
  The stack or the log lines are the argument, or come from standard input: npm run trace < log.txt
  --maps <folder>  source maps of the deployment; without it, those of the last "npm run package"`;

const PACKAGE_FOLDER = fileURLToPath(new URL('../../.serverless', import.meta.url));

await runCommand(async () => {
  const { folder, argument } = readCommandLine();
  if (argument === undefined && process.stdin.isTTY) throw new UsageError(USAGE);
  const input = argument ?? (await text(process.stdin));
  if (input.trim() === '') throw new UsageError(`There is no stack to translate.\n${USAGE}`);
  const { output, positions, failures } = translateStack(input, openSourceMaps(folder ?? PACKAGE_FOLDER));
  if (positions === 0)
    throw new CommandError('No position such as functions/me.cjs:1:2345 in this text: nothing to translate.');
  console.log(output.trimEnd());
  for (const failure of failures) console.error(failure);
  return failures.length > 0 ? 1 : 0;
});

function readCommandLine(): { folder: string | undefined; argument: string | undefined } {
  const config = { allowPositionals: true, options: { maps: { type: 'string' } } } as const;
  const { values, positionals } = parseArguments(USAGE, config);
  const [argument, ...more] = positionals;
  if (more.length > 0) throw new UsageError(`Put the stack between single quotes.\n${USAGE}`);
  return { folder: values.maps, argument };
}
