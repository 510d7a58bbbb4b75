import { CloudFormationClient, DescribeStacksCommand, GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CommandError } from './command.ts';
import type { Target } from './target.ts';

/** The deployed stack, with the variables of its functions. The settings file on this machine may differ. */
export interface Deployment {
  /** The account and the region, to print. */
  place: string;
  /** The status of the stack in CloudFormation. */
  status: string;
  variables: Record<string, string>;
  /** The outputs of the stack. */
  outputs: Record<string, string>;
}

/** The stage has no stack: it was never deployed, or it was removed. */
export class NotDeployedError extends CommandError {}

/** Only this function has every variable, the addresses for notifications of WeChat Pay included. */
const FUNCTION_WITH_ALL_VARIABLES = 'pay-prepay';

/** Reads the stack of a stage, or the running local stack. */
export function readDeployment(target: Target): Promise<Deployment> {
  return target.standIns ? readLocal(target.standIns) : readAws(target);
}

export type Webhook = 'miniapp-events' | 'official-events' | 'pay-notify' | 'pay-notify-v2';

/** The outputs that hold the addresses of a webhook. */
const ADDRESSES: Record<Webhook, [publicUrl: string, functionUrl: string]> = {
  'miniapp-events': ['MiniappEventsUrl', 'MiniappDasheventsLambdaFunctionUrl'],
  'official-events': ['OfficialEventsUrl', 'OfficialDasheventsLambdaFunctionUrl'],
  'pay-notify': ['PayNotifyUrl', 'PayDashnotifyLambdaFunctionUrl'],
  'pay-notify-v2': ['PayV2NotifyUrl', 'PayDashnotifyDashv2LambdaFunctionUrl'],
};

/** Returns the address of a webhook that WeChat calls. It may be on a domain, whose DNS the operator sets. */
export function readPublicWebhookUrl(deployment: Pick<Deployment, 'outputs'>, webhook: Webhook): string {
  const [publicUrl] = ADDRESSES[webhook];
  return deployment.outputs[publicUrl] ?? readAwsWebhookUrl(deployment, webhook);
}

/** Returns the address of a webhook in AWS: its function URL, or its route when it has no function URL. */
export function readAwsWebhookUrl({ outputs }: Pick<Deployment, 'outputs'>, webhook: Webhook): string {
  const [, functionUrl] = ADDRESSES[webhook];
  return outputs[functionUrl] ?? `${readApiUrl({ outputs })}/webhooks/${webhook}`;
}

/** Returns the address of the HTTP API in AWS, even if clients use a domain. */
export function readApiUrl({ outputs: { HttpApiUrl } }: Pick<Deployment, 'outputs'>): string {
  if (HttpApiUrl) return HttpApiUrl.replace(/\/$/, '');
  throw new CommandError('The stack has no output HttpApiUrl: deploy this version of the service.');
}

/**
 * Returns the timestamp of the running deployment, for `serverless rollback`; undefined when nothing is deployed. The source
 * is the deployed template, because the newest deployment in the bucket may have failed.
 */
export async function readRunningTimestamp(target: Target): Promise<string | undefined> {
  const client = new CloudFormationClient({ region: target.region });
  try {
    const { TemplateBody = '' } = await client.send(new GetTemplateCommand({ StackName: target.stackName }));
    return readTimestamp(TemplateBody);
  } catch (error) {
    if (isNoStack(error)) return undefined;
    throw error;
  } finally {
    client.destroy();
  }
}

/** Returns the timestamp in the S3 keys of the functions' code; undefined for a stack without functions yet. */
export function readTimestamp(template: string): string | undefined {
  return /"serverless\/[^"/]+\/[^"/]+\/(\d+)-\d{4}-[^"/]+\/[^"]+\.zip"/.exec(template)?.[1];
}

async function readLocal(standIns: string): Promise<Deployment> {
  const response = await fetch(`${standIns}/_stack`).catch(() => undefined);
  if (!response?.ok) {
    throw new CommandError(
      `No local stack answers at ${standIns}. Start it with "npm start", or name a stage with --stage.`,
    );
  }
  const { variables, outputs } = (await response.json()) as Pick<Deployment, 'variables' | 'outputs'>;
  return { place: 'this machine', status: 'RUNNING', variables, outputs };
}

async function readAws({ stackName, region: requestedRegion, clients, deployedName }: Target): Promise<Deployment> {
  const cloudFormation = new CloudFormationClient({ region: requestedRegion });
  const lambda = new LambdaClient(clients.lambda);
  try {
    const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: stackName }));
    const { StackId = '', StackStatus = '', Outputs = [] } = Stacks?.[0] ?? {};
    const [, , , region, account] = StackId.split(':');
    const FunctionName = deployedName(FUNCTION_WITH_ALL_VARIABLES);
    const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    return {
      place: `account ${account}, ${region}`,
      status: StackStatus,
      variables: Environment?.Variables ?? {},
      outputs: Object.fromEntries(Outputs.map(({ OutputKey, OutputValue = '' }) => [OutputKey, OutputValue])),
    };
  } catch (error) {
    if (isNoStack(error))
      throw new NotDeployedError(`There is no stack ${stackName} in ${requestedRegion}: deploy it first.`);
    throw error;
  } finally {
    cloudFormation.destroy();
    lambda.destroy();
  }
}

/** CloudFormation has no error code for a missing stack. */
function isNoStack(error: unknown): boolean {
  return error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message);
}
