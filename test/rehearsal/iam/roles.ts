// Reads the deployed roles and lists the accesses of Lambda itself. Lambda writes logs, reads the stream and sends dead
// letters with the role of the function. AWS checks these permissions; the emulator does not.
import {
  GetFunctionEventInvokeConfigCommand,
  LambdaClient,
  paginateListEventSourceMappings,
  paginateListFunctions,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda';
import type { Place } from './accesses.ts';
import type { FunctionAccess } from './proxies.ts';
import type { Statement } from './policy.ts';

interface DeployedFunction {
  FunctionName: string;
  Role: string;
}

/** Reads the statements of each function's role, by function name. */
export async function readRoles(endpoint: string, client: LambdaClient): Promise<Record<string, Statement[]>> {
  const roles: Record<string, Statement[]> = {};
  const statements: Record<string, Promise<Statement[]>> = {};
  for (const { FunctionName, Role } of await listFunctions(client)) {
    statements[Role] ??= readRole(endpoint, Role.replace(/^.*\//, ''));
    roles[FunctionName] = await statements[Role];
  }
  return roles;
}

/** Lists the accesses of AWS services that use the roles of the functions. */
export async function servicesAccesses(client: LambdaClient, { region, account }: Place): Promise<FunctionAccess[]> {
  const accesses: FunctionAccess[] = [];
  for (const { FunctionName: functionName } of await listFunctions(client)) {
    const stream = `arn:aws:logs:${region}:${account}:log-group:/aws/lambda/${functionName}:log-stream:one`;
    for (const action of ['logs:CreateLogStream', 'logs:PutLogEvents']) {
      accesses.push({ functionName, action, resource: stream });
    }
    const failure = await client
      .send(new GetFunctionEventInvokeConfigCommand({ FunctionName: functionName, Qualifier: '$LATEST' }))
      .catch((error: unknown) => {
        if (error instanceof ResourceNotFoundException) return undefined;
        throw error;
      });
    accesses.push(...deadLetters(functionName, failure?.DestinationConfig?.OnFailure?.Destination));
  }
  for await (const { EventSourceMappings = [] } of paginateListEventSourceMappings({ client }, {})) {
    for (const { FunctionArn = '', EventSourceArn: resource = '', DestinationConfig } of EventSourceMappings) {
      const functionName = FunctionArn.split(':')[6] ?? '';
      for (const action of ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams']) {
        accesses.push({ functionName, action: `dynamodb:${action}`, resource });
      }
      accesses.push(...deadLetters(functionName, DestinationConfig?.OnFailure?.Destination));
    }
  }
  return accesses;
}

function deadLetters(functionName: string, queue: string | undefined): FunctionAccess[] {
  return queue ? [{ functionName, action: 'sqs:SendMessage', resource: queue }] : [];
}

async function listFunctions(client: LambdaClient): Promise<DeployedFunction[]> {
  const functions: DeployedFunction[] = [];
  for await (const { Functions = [] } of paginateListFunctions({ client }, {})) {
    functions.push(...(Functions as DeployedFunction[]));
  }
  return functions;
}

async function readRole(endpoint: string, roleName: string): Promise<Statement[]> {
  const attached = await callIam(endpoint, { Action: 'ListAttachedRolePolicies', RoleName: roleName });
  const managed = valuesOf(attached, 'PolicyArn');
  if (managed.length > 0)
    throw new Error(`The rehearsal does not support the managed policies of ${roleName}: ${managed.join(', ')}`);
  const names = valuesOf(await callIam(endpoint, { Action: 'ListRolePolicies', RoleName: roleName }), 'member');
  const policies = await Promise.all(
    names.map(async (PolicyName) => {
      const answer = await callIam(endpoint, { Action: 'GetRolePolicy', RoleName: roleName, PolicyName });
      const [document = ''] = valuesOf(answer, 'PolicyDocument');
      return (JSON.parse(decodeURIComponent(document)) as { Statement: Statement | Statement[] }).Statement;
    }),
  );
  return policies.flat();
}

/** Calls IAM, which takes a form and returns XML. Three calls do not justify another SDK client. */
async function callIam(endpoint: string, form: Record<string, string>): Promise<string> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/iam/aws4_request' },
    body: new URLSearchParams({ Version: '2010-05-08', ...form }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`IAM answered ${response.status}: ${text}`);
  return text;
}

function valuesOf(xml: string, element: string): string[] {
  return [...xml.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, 'g'))].map(([, value]) => value as string);
}
