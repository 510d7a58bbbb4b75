import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { readPorts } from '../service/ports.ts';
import { clientSettings } from '../service/table.ts';
import { WrongUse } from './refusal.ts';

const ROOT = new URL('../../', import.meta.url);
/** As serverless.yml has it. */
const REGION = 'ap-southeast-1';
const LOCAL = 'local';

/** Where a command works: a stage in AWS, or the local stack when no stage is named. */
export interface Target {
  /** The stage; `local` for the local stack. */
  name: string;
  /** Set for the local stack alone: where its stand-ins for AWS answer. */
  standIns: string | undefined;
  /** Where its secrets are, as in the variable SECRETS_PATH. */
  secretsPath: string;
  stackName: string;
  region: string;
  /** What a client of the SDK is made with. */
  clients: Record<'ssm' | 'lambda', ReturnType<typeof clientSettings> | { region: string }>;
  /** The name that the Lambda API knows a function by. */
  deployedName(functionName: string): string;
}

interface ServerlessFile {
  service: string;
  provider: { stage: string };
}

/**
 * Reads what `--stage` says. Settings of `.env.<stage>`, or else of `.env`, join the environment as they do for the
 * Serverless Framework: what the environment holds wins.
 */
export function readTarget(stage: string | undefined): Target {
  const { service, provider } = parse(readFileSync(new URL('serverless.yml', ROOT), 'utf8')) as ServerlessFile;
  if (stage === undefined) {
    const { aws, lambda } = readPorts(process.env);
    const standIns = `http://127.0.0.1:${aws}`;
    const clients = { ssm: clientSettings(standIns), lambda: clientSettings(`http://127.0.0.1:${lambda}`) };
    // Its functions have the names of the stage that serverless.yml names.
    return { ...named(service, LOCAL, provider.stage), standIns, region: clients.ssm.region, clients };
  }
  if (!/^[a-z][a-z0-9-]*$/i.test(stage) || stage === LOCAL) throw new WrongUse(`"${stage}" is no stage of AWS.`);
  loadSettingsFile(stage);
  const region = process.env.AWS_REGION || REGION;
  return {
    ...named(service, stage, stage),
    standIns: undefined,
    region,
    clients: { ssm: { region }, lambda: { region } },
  };
}

function named(service: string, name: string, stage: string) {
  return {
    name,
    secretsPath: `/${service}/${name}`,
    stackName: `${service}-${stage}`,
    deployedName: (functionName: string) => `${service}-${stage}-${functionName}`,
  };
}

function loadSettingsFile(stage: string): void {
  const files = [`.env.${stage}`, '.env'].map((name) => fileURLToPath(new URL(name, ROOT)));
  const found = files.find((file) => existsSync(file));
  if (found) process.loadEnvFile(found);
}
