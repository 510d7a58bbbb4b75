import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { readPorts } from '../service/ports.ts';
import { clientSettings } from '../service/table.ts';
import { UsageError } from './command.ts';

const ROOT = new URL('../../', import.meta.url);
/** The default region of serverless.yml. */
const REGION = 'ap-southeast-1';
const LOCAL = 'local';

/** The stack that a command works on: a stage in AWS, or the local stack without `--stage`. */
export interface Target {
  /** The stage; `local` for the local stack. */
  name: string;
  /** The address of the AWS stand-ins; undefined for a stage in AWS. */
  standIns: string | undefined;
  /** The path of its secrets, as in the variable SECRETS_PATH. */
  secretsPath: string;
  stackName: string;
  region: string;
  /** The settings of SDK clients. */
  clients: Record<'ssm' | 'lambda', ReturnType<typeof clientSettings> | { region: string }>;
  /** Returns the name of a function in Lambda. */
  deployedName(functionName: string): string;
}

interface ServerlessFile {
  service: string;
  provider: { stage: string };
}

/**
 * Reads the target of `--stage`. Settings of `.env.<stage>`, or else of `.env`, join the environment as they do for the
 * Serverless Framework: the environment wins.
 */
export function readTarget(stage: string | undefined): Target {
  const { service, provider } = parse(readFileSync(new URL('serverless.yml', ROOT), 'utf8')) as ServerlessFile;
  if (stage === undefined) {
    const { aws, lambda } = readPorts(process.env);
    const standIns = `http://127.0.0.1:${aws}`;
    const clients = { ssm: clientSettings(standIns), lambda: clientSettings(`http://127.0.0.1:${lambda}`) };
    // The local stack names its functions after the default stage of serverless.yml.
    return { ...nameResources(service, LOCAL, provider.stage), standIns, region: clients.ssm.region, clients };
  }
  if (!/^[a-z][a-z0-9-]*$/i.test(stage) || stage === LOCAL)
    throw new UsageError(
      `"${stage}" is not a stage in AWS. A stage has a name such as dev; without --stage the command works on the local stack.`,
    );
  loadSettingsFile(stage);
  const region = process.env.AWS_REGION || REGION;
  return {
    ...nameResources(service, stage, stage),
    standIns: undefined,
    region,
    clients: { ssm: { region }, lambda: { region } },
  };
}

function nameResources(service: string, name: string, stage: string) {
  return {
    name,
    secretsPath: `/${service}/${name}`,
    stackName: `${service}-${stage}`,
    deployedName: (functionName: string) => `${service}-${stage}-${functionName}`,
  };
}

function loadSettingsFile(stage: string): void {
  const files = [`.env.${stage}`, '.env'].map((name) => fileURLToPath(new URL(name, ROOT)));
  const settingsFile = files.find((file) => existsSync(file));
  if (settingsFile) process.loadEnvFile(settingsFile);
}
