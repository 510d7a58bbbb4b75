import { CloudFormationClient, DescribeStacksCommand, GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { Refusal } from './refusal.ts';
import type { Target } from './target.ts';

/** What is really there: variables as the functions see them, not as a file on this machine has them. */
export interface Deployment {
  /** Where it is, for a person to read. */
  place: string;
  /** CloudFormation's word for the state of the stack. */
  status: string;
  variables: Record<string, string>;
  /** The outputs of the stack. */
  outputs: Record<string, string>;
}

/** There is no stack of this stage, yet or any more. */
export class NotDeployed extends Refusal {}

/** The one function that has every variable, and the addresses of WeChat Pay's notifications besides. */
const KNOWS_ALL = 'pay-prepay';

/** Reads the stack of a stage, or the running local stack. */
export function readDeployment(target: Target): Promise<Deployment> {
  return target.standIns ? readLocal(target.standIns) : readAws(target);
}

export type Webhook = 'official-events' | 'pay-notify' | 'pay-notify-v2';

/** The outputs that hold the addresses of a webhook. */
const ADDRESSES: Record<Webhook, [told: string, functionUrl: string]> = {
  'official-events': ['OfficialEventsUrl', 'OfficialDasheventsLambdaFunctionUrl'],
  'pay-notify': ['PayNotifyUrl', 'PayDashnotifyLambdaFunctionUrl'],
  'pay-notify-v2': ['PayV2NotifyUrl', 'PayDashnotifyDashv2LambdaFunctionUrl'],
};

/** Where WeChat is told to find a webhook: maybe on a domain, which somebody has to lead there. */
export function toldUrl(deployment: Pick<Deployment, 'outputs'>, webhook: Webhook): string {
  const [told] = ADDRESSES[webhook];
  return deployment.outputs[told] ?? ownUrl(deployment, webhook);
}

/** Where AWS itself has a webhook: its function URL, or its route where there is none (WEBHOOKS). */
export function ownUrl({ outputs }: Pick<Deployment, 'outputs'>, webhook: Webhook): string {
  const [, functionUrl] = ADDRESSES[webhook];
  return outputs[functionUrl] ?? `${apiUrl({ outputs })}/webhooks/${webhook}`;
}

/** Where AWS itself has the HTTP API, also when clients know it by a domain. */
export function apiUrl({ outputs: { HttpApiUrl } }: Pick<Deployment, 'outputs'>): string {
  if (HttpApiUrl) return HttpApiUrl.replace(/\/$/, '');
  throw new Refusal('The stack has no HttpApiUrl among its outputs.');
}

/**
 * The timestamp that `serverless rollback` knows the running deployment by; undefined when nothing is deployed. Read from
 * the template that runs: the newest in the bucket may be one that failed.
 */
export async function runningTimestamp(target: Target): Promise<string | undefined> {
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

/** The timestamp in the addresses of the functions' code; the stack of a first deployment has no functions yet. */
export function readTimestamp(template: string): string | undefined {
  return /"serverless\/[^"/]+\/[^"/]+\/(\d+)-\d{4}-[^"/]+\/[^"]+\.zip"/.exec(template)?.[1];
}

async function readLocal(standIns: string): Promise<Deployment> {
  const answer = await fetch(`${standIns}/_stack`).catch(() => undefined);
  if (!answer?.ok) {
    throw new Refusal(
      `No local stack answers at ${standIns}. Start it with "npm start", or name a stage with --stage.`,
    );
  }
  const { variables, outputs } = (await answer.json()) as Pick<Deployment, 'variables' | 'outputs'>;
  return { place: 'this machine', status: 'RUNNING', variables, outputs };
}

async function readAws({ stackName, region: wanted, clients, deployedName }: Target): Promise<Deployment> {
  const cloudFormation = new CloudFormationClient({ region: wanted });
  const lambda = new LambdaClient(clients.lambda);
  try {
    const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: stackName }));
    const { StackId = '', StackStatus = '', Outputs = [] } = Stacks?.[0] ?? {};
    const [, , , region, account] = StackId.split(':');
    const FunctionName = deployedName(KNOWS_ALL);
    const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    return {
      place: `account ${account}, ${region}`,
      status: StackStatus,
      variables: Environment?.Variables ?? {},
      outputs: Object.fromEntries(Outputs.map(({ OutputKey, OutputValue = '' }) => [OutputKey, OutputValue])),
    };
  } catch (error) {
    if (isNoStack(error)) throw new NotDeployed(`There is no stack ${stackName} in ${wanted}: deploy it first.`);
    throw error;
  } finally {
    cloudFormation.destroy();
    lambda.destroy();
  }
}

/** CloudFormation has no code of its own for this. */
function isNoStack(error: unknown): boolean {
  return error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message);
}
