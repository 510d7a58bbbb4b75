// Runs the commands of a real deployment against the emulator.
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetFunctionUrlConfigCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { fileURLToPath } from 'node:url';
import { serverlessScript } from '../../infra/service/serverless-script.ts';
import type { Service } from '../../infra/service/service.ts';
import { SECRET_NAMES } from '../../lib/core/config.ts';
import { run } from './children.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TIMEOUT_MS = 180_000;

const STAGE_SETTINGS = [
  'PUBLIC_BASE_URL',
  'ALLOWED_ORIGINS',
  'SITE_NAME',
  'SCAN_LOGIN_CONFIRM',
  'SCAN_LOGIN_REGISTER',
  'MP_VERIFY_FILES',
  'JSSDK_API_LIST',
  'JSSDK_OPEN_TAG_LIST',
  'MINIAPP_ENV_VERSION',
  'MINIAPP_LOGIN_PAGE',
  'MINIAPP_APP_ID',
  'MINIAPP_MODE',
  'CONTENT_CHECK',
  'ORDER_SHIPPING',
  'MINIAPP_ORDER_PAGE',
  'VIRTUAL_PAY_OFFER_ID',
  'VIRTUAL_PAY_ENV',
  'VIRTUAL_PAY_EXEMPT',
  'OFFICIAL_APP_ID',
  'OFFICIAL_MODE',
  'PAY_API',
  'PAY_MCH_ID',
  'REFUND_NO_PREFIX',
  'LIMITS',
];
const SWITCHES = [
  'WEBHOOKS',
  'EGRESS',
  'RESERVED_CONCURRENCY',
  'DOMAIN_NAME',
  'CERTIFICATE_ARN',
  'LIMITS_FACTOR',
  'GATEWAY_RATE',
  'GATEWAY_BURST',
  'TRUSTED_PROXY',
  'ALARM_EMAIL',
  'PERMISSIONS_BOUNDARY_ARN',
  'PAY_NOTIFY_URL',
  'PAY_V2_NOTIFY_URL',
];

/** Settings of every client of the emulator, which accepts any key. */
export interface AwsClient {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
}

/** A function and its deployed function URL. */
export interface FunctionUrl {
  functionName: string;
  url: string;
}

/** Packages the service with the given settings into `folder`. */
export async function packageService(settings: Record<string, string>, folder: string): Promise<void> {
  await serverless(['package', '--package', folder], settings);
}

/** Deploys the package in `folder`. */
export async function deployService(aws: AwsClient, folder: string): Promise<void> {
  await serverless(['deploy', '--package', folder], {
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_ACCESS_KEY_ID: aws.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: aws.credentials.secretAccessKey,
  });
}

async function serverless(args: string[], settings: Record<string, string>): Promise<void> {
  const env = { ...withoutAws(process.env), ...settings };
  await run(process.execPath, [serverlessScript(), ...args], { cwd: ROOT, env, timeoutMs: TIMEOUT_MS });
}

/** Removes all AWS settings, so that the rehearsal never uses the keys of a real account. */
function withoutAws(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !name.startsWith('AWS_'));
  return { ...Object.fromEntries(kept), AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' };
}

/** Stores the variables that are secrets in the parameter store, as SecureStrings. */
export async function putSecrets(aws: AwsClient, path: string, variables: Record<string, string>): Promise<void> {
  const client = new SSMClient(aws);
  for (const name of SECRET_NAMES) {
    const Value = variables[name];
    if (Value) await client.send(new PutParameterCommand({ Name: `${path}/${name}`, Value, Type: 'SecureString' }));
  }
}

/**
 * Returns the settings for packaging a stage. Secrets and values that the template derives are left out. The switches are
 * empty, because an empty variable overrides the developer's `.env` file.
 */
export function stageSettings(variables: Record<string, string>): Record<string, string> {
  const chosen = STAGE_SETTINGS.map((name) => [name, variables[name] ?? '']);
  return Object.fromEntries([...chosen, ...SWITCHES.map((name) => [name, ''])]) as Record<string, string>;
}

/** Reads the outputs of the stack. */
export async function readOutputs(aws: AwsClient, stackName: string): Promise<Record<string, string>> {
  const { Stacks } = await new CloudFormationClient(aws).send(new DescribeStacksCommand({ StackName: stackName }));
  const { Outputs = [] } = Stacks?.[0] ?? {};
  return Object.fromEntries(Outputs.map(({ OutputKey, OutputValue = '' }) => [OutputKey, OutputValue]));
}

/** Reads the addresses of all function URLs. */
export async function readFunctionUrls(client: LambdaClient, service: Service): Promise<FunctionUrl[]> {
  return Promise.all(
    service.withUrl.map(async (functionName) => {
      const command = new GetFunctionUrlConfigCommand({ FunctionName: service.deployedName(functionName) });
      return { functionName, url: (await client.send(command)).FunctionUrl ?? '' };
    }),
  );
}
