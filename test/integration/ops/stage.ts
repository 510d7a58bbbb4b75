// A stage to operate on: WeChat, the parameter store and the table of the local stack. A server with fixed responses
// replaces the functions; a test may change the responses.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { parameterStore } from '../../../infra/local/aws/parameters.ts';
import { startAws } from '../../../infra/local/aws/server.ts';
import type { PortName, Ports } from '../../../infra/service/ports.ts';
import { buildSettings, splitSettings } from '../../../infra/local/settings.ts';
import { startSimulator } from '../../../infra/simulator/simulator.ts';
import { findFreePorts } from '../../support/ports.ts';
import { portVariables } from '../../support/stack.ts';
import { freshTable } from '../../support/table.ts';

export const SECRETS_PATH = '/wechat-lambda/local';

interface Answer {
  status: number;
  body?: string;
  headers?: Record<string, string>;
}

type Handler = (request: { url: URL; body: string }) => Answer;

/** Runs a command of infra/ops with these arguments; `input` is piped in. */
export async function runOps(command: string, args: string[], env: Record<string, string>, input = '') {
  const child = spawn(process.execPath, [`infra/ops/${command}.ts`, ...args], { env: { ...process.env, ...env } });
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  // A command that rejects its arguments ends before it reads.
  child.stdin.on('error', () => undefined).end(input);
  const [code] = (await once(child, 'close')) as [number];
  const [stdout, stderr] = await output;
  return { code, stdout, stderr };
}

/**
 * Starts everything on free ports. `env` replaces generated settings of the local stack. `newMerchant`: the merchant has
 * registered no address for complaints.
 */
export async function startStage(env: Record<string, string> = {}, { newMerchant = false } = {}) {
  const free = (await findFreePorts(6)) as [number, number, number, number, number, number];
  const [http, functionUrls, simulator, dynamodb, lambda, aws] = free;
  const ports: Ports & Record<PortName, number> = { http, functionUrls, simulator, dynamodb, aws, lambda };
  const table = await freshTable({ withStream: true });
  const engine = { AWS_ENDPOINT_URL_DYNAMODB: table.endpoint };
  const { variables: settings, simulator: wechat } = await buildSettings({ ...engine, ...env }, ports, table.name);
  if (newMerchant) delete wechat.pay.complaintCallbackUrl;
  const { variables, parameters } = splitSettings(settings, {});
  const store = parameterStore();
  const put = (name: string, value: string) => store.put(`${SECRETS_PATH}/${name}`, value);
  const read = (name: string) => {
    const { answer } = store.call('GetParameters', { Names: [`${SECRETS_PATH}/${name}`], WithDecryption: true })!;
    return (answer as { Parameters: { Value: string }[] }).Parameters[0]?.Value;
  };
  const remove = (name: string) => void store.call('DeleteParameters', { Names: [`${SECRETS_PATH}/${name}`] });
  for (const [name, value] of Object.entries(parameters)) put(name, value);
  const functions = `http://localhost:${functionUrls}`;
  const outputs: Record<string, string> = {
    HttpApiUrl: `http://localhost:${http}`,
    MiniappDasheventsLambdaFunctionUrl: `${functions}/miniapp-events`,
    OfficialDasheventsLambdaFunctionUrl: `${functions}/official-events`,
    PayDashnotifyLambdaFunctionUrl: `${functions}/pay-notify`,
    PayDashnotifyDashv2LambdaFunctionUrl: `${functions}/pay-notify-v2`,
  };
  const answers: Record<string, Handler> = wellBehaved({
    miniapp: settings.MINIAPP_TOKEN!,
    official: settings.OFFICIAL_TOKEN!,
  });
  const servers = await Promise.all([http, functionUrls, lambda].map((port) => serve(port, answers)));
  const world = await startSimulator(wechat);
  const standIns = await startAws({
    port: aws,
    busName: 'local',
    bucketsFolder: tmpdir(),
    parameters: store,
    stack: { variables, outputs },
    lambdaPort: lambda,
    service: { eventRules: [], deployedName: (name) => name },
  });
  const portsToUse = portVariables(free);
  const original = { answers: { ...answers }, variables: { ...variables } };
  const reset = () => {
    Object.assign(answers, original.answers);
    for (const name of Object.keys(variables)) delete variables[name];
    Object.assign(variables, original.variables);
    for (const [name, value] of Object.entries(parameters)) put(name, value);
  };
  return {
    url: `http://localhost:${http}`,
    standIns: `http://127.0.0.1:${aws}`,
    simulator: world,
    settings,
    /** The variables of the functions; may be changed. */
    variables,
    outputs,
    /** Keyed by `METHOD /path`. A test may replace an answer. */
    answers,
    put,
    read,
    remove,
    /** Restores changed and removed values. */
    reset,
    run: (command: string, args: string[] = [], input = '') => runOps(command, args, portsToUse, input),
    stop: async () => {
      await standIns.stop();
      await world.close();
      for (const server of servers) server.close().closeAllConnections();
    },
  };
}

export type Stage = Awaited<ReturnType<typeof startStage>>;

/** The rejection of an unsigned request, as the functions send it. */
const REFUSED = {
  push: { status: 403, body: 'This is not a push of WeChat for this account' },
  pay: { status: 403, body: '{"code":"FAIL","message":"Wechatpay headers are missing"}' },
  payV2: { status: 403, body: '<xml><return_code><![CDATA[FAIL]]></return_code></xml>' },
} satisfies Record<string, Answer>;
const TOKEN_REFRESH = 'POST /2015-03-31/functions/wechat-lambda-dev-token-refresh/invocations';

/** Returns the handler of a `token-refresh` that throws `errorMessage`. */
export const failTokens = (errorMessage: string): Record<string, Handler> => ({
  [TOKEN_REFRESH]: () => ({
    status: 200,
    headers: { 'x-amz-function-error': 'Unhandled' },
    body: JSON.stringify({ errorMessage }),
  }),
});

function wellBehaved(tokens: Record<'miniapp' | 'official', string>): Record<string, Handler> {
  const bad = { code: 'WECHAT_CODE_INVALID', message: 'This code is unknown, used or expired', requestId: '1' };
  return {
    'GET /health': () => ({ status: 200 }),
    'POST /miniapp/login': () => ({ status: 401, body: JSON.stringify(bad) }),
    'GET /miniapp-events': echo(tokens.miniapp),
    'POST /miniapp-events': () => REFUSED.push,
    'GET /official-events': echo(tokens.official),
    'POST /official-events': () => REFUSED.push,
    'POST /pay-notify': () => REFUSED.pay,
    'POST /pay-notify-v2': () => REFUSED.payV2,
    [TOKEN_REFRESH]: () => ({ status: 200, body: '{"living":3,"failed":[]}' }),
  };
}

/** Answers WeChat's check of an address. */
function echo(token: string): Handler {
  return ({ url: { searchParams: query } }) => {
    const parts = [token, query.get('timestamp') ?? '', query.get('nonce') ?? ''].toSorted().join('');
    const isWechat = createHash('sha1').update(parts).digest('hex') === query.get('signature');
    return isWechat ? { status: 200, body: query.get('echostr') ?? '' } : REFUSED.push;
  };
}

async function serve(port: number, answers: Record<string, Handler>): Promise<Server> {
  const server = createServer(async (request: IncomingMessage, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const handler = answers[`${request.method} ${url.pathname}`];
    const { status, body = '', headers } = handler?.({ url, body: await text(request) }) ?? { status: 404 };
    response.writeHead(status, headers).end(body);
  });
  // The URLs above use `localhost`, which may resolve to IPv4 or IPv6, so the server listens on both.
  await once(server.listen(port), 'listening');
  return server;
}
