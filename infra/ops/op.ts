// `npm run op -- <function> '<json>' [--stage <stage>]`: invokes an operator function, on this machine or in AWS.
import { spawnSync } from 'node:child_process';
import { serverlessScript } from '../service/serverless-script.ts';
import { invokeFunction } from '../service/invoke.ts';
import { readPorts } from '../service/ports.ts';
import { readService } from '../service/service.ts';
import { CommandError, runCommand, UsageError } from './command.ts';
import { parseCommandLine } from './command-line.ts';

const service = readService();
const USAGE = `Usage: npm run op -- <function> '<json>' [--stage <stage>]\nFunctions: ${service.operators.join(', ')}`;

await runCommand(async () => {
  const { stage, positionals } = parseCommandLine(USAGE, { allowPositionals: true });
  const [name = '', json = '{}'] = positionals;
  if (!service.operators.includes(name)) throw new UsageError(USAGE);
  const event = parseEvent(json);
  return stage ? invokeInAws(name, stage, json) : invokeLocally(name, event);
});

async function invokeLocally(functionName: string, event: unknown): Promise<void> {
  const { lambda } = readPorts(process.env);
  const result = await invokeFunction(lambda, service.deployedName(functionName), event).catch(() => {
    throw new CommandError(
      `No local stack answers on port ${lambda}. Start it with "npm start", or name a stage with --stage.`,
    );
  });
  if ('tooLarge' in result) throw new CommandError('The event is larger than the 6 MB that Lambda takes: split it.');
  if ('error' in result) throw new CommandError(result.error);
  console.log(JSON.stringify(result.value ?? null, undefined, 2));
}

/** @returns the exit code of the framework */
function invokeInAws(functionName: string, stage: string, data: string): number {
  const args = [serverlessScript(), 'invoke', '-f', functionName, '--stage', stage, '--data', data];
  return spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
}

function parseEvent(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`Not JSON: ${text}\nPut it between single quotes: '{"date": "2026-11-20"}'`);
  }
}
