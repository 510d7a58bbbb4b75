// `npm run op -- <function> '<json>' [--stage <stage>]`: calls an operator function, here or in AWS.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { serverlessScript } from '../service/serverless-script.ts';
import { invokeFunction } from '../service/invoke.ts';
import { readPorts } from '../service/ports.ts';
import { readService } from '../service/service.ts';

const WRONG_USE = 2;

const { values, positionals } = parseArgs({ allowPositionals: true, options: { stage: { type: 'string' } } });
const [name = '', json = '{}'] = positionals;
const service = readService();

if (!service.operators.includes(name)) {
  end(
    WRONG_USE,
    `Usage: npm run op -- <function> '<json>' [--stage <stage>]\nFunctions: ${service.operators.join(', ')}`,
  );
}
const event = readJson(json);
if (values.stage) invokeInAws(name, values.stage, json);
else await invokeLocally(name, event);

async function invokeLocally(functionName: string, payload: unknown): Promise<void> {
  const { lambda } = readPorts(process.env);
  const result = await invokeFunction(lambda, service.deployedName(functionName), payload).catch(() =>
    end(1, `No local stack answers on port ${lambda}. Start it with "npm start", or name a stage with --stage.`),
  );
  if ('tooLarge' in result) end(1, 'The payload is larger than the 6 MB that Lambda takes.');
  if ('error' in result) end(1, result.error);
  console.log(JSON.stringify(result.value ?? null, undefined, 2));
}

function invokeInAws(functionName: string, stage: string, data: string): void {
  const args = [serverlessScript(), 'invoke', '-f', functionName, '--stage', stage, '--data', data];
  process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return end(WRONG_USE, `Not JSON: ${text}\nPut it between single quotes: '{"date": "2026-11-20"}'`);
  }
}

function end(code: number, message: string): never {
  console.error(message);
  process.exit(code);
}
