// `npm start`: runs WeChat, the functions, their gateways and the table on this machine.
import { fileURLToPath } from 'node:url';
import { parameterStore } from './aws/parameters.ts';
import { startAws, type Aws } from './aws/server.ts';
import { startEngine } from './engine.ts';
import { startFunctions } from './functions.ts';
import { startFunctionUrls } from './function-urls.ts';
import { assertPortsFree, isPortFree, readPorts, type PortName, type Ports } from '../service/ports.ts';
import { statusOf, stopChildren, waitUntil, whenNpmEnds } from './processes.ts';
import { seedCatalogue } from './seed.ts';
import { readService, type Service } from '../service/service.ts';
import { buildSettings, splitSettings } from './settings.ts';
import { startTableStream, type TableStream } from './stream/table-stream.ts';
import { createTable } from '../service/table.ts';
import { webPage } from './web/serve.ts';
import { startSimulator } from '../simulator/simulator.ts';

const BUCKETS = fileURLToPath(new URL('../../.local', import.meta.url));

let stopping = false;
let aws: Aws | undefined;
let tableStream: TableStream | undefined;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void stop(0, 'stopping'));
}

whenNpmEnds(() => void stop(0, 'stopping'));

try {
  await start();
} catch (error) {
  await stop(1, error instanceof Error ? error.message : String(error));
}

async function start(): Promise<void> {
  const { env } = process;
  const service = readService();
  const ports = readPorts(env);
  const ownEngine = !env.AWS_ENDPOINT_URL_DYNAMODB;
  const externalWechat = Boolean(env.WECHAT_API_BASE_URL && env.WECHAT_PAY_BASE_URL);
  const withSimulator = !externalWechat || (await isPortFree(ports.simulator));
  const skipped = { simulator: !withSimulator, dynamodb: !ownEngine } as Partial<Record<PortName, boolean>>;
  await assertPortsFree(
    ports,
    (Object.keys(ports) as PortName[]).filter((name) => !skipped[name]),
  );

  const { variables: settings, simulator } = await buildSettings(env, ports, service.tableName);
  const { AWS_ENDPOINT_URL_DYNAMODB: endpoint, TABLE_NAME: tableName, EVENT_BUS_NAME: busName } = settings;
  const { variables, parameters } = splitSettings(settings, env);
  const store = parameterStore();
  for (const [name, value] of Object.entries(parameters)) store.put(`${settings.SECRETS_PATH}/${name}`, value);
  if (ownEngine) {
    console.log(`table      ${tableName}, ${env.DYNAMODB_PATH ?? 'in memory'}`);
    stopWhenEnds('the DynamoDB engine', await startEngine({ port: ports.dynamodb, path: env.DYNAMODB_PATH }));
  }
  await createTable(endpoint, tableName);
  if (withSimulator) {
    console.log('wechat     simulator');
    await startSimulator({ ...simulator, page: webPage(`http://localhost:${ports.http}`) });
  }
  aws = await startAws({
    port: ports.aws,
    busName,
    bucketsFolder: BUCKETS,
    parameters: store,
    stack: { variables, outputs: buildOutputs(ports, service) },
    lambdaPort: ports.lambda,
    service,
  });
  console.log(`functions  ${service.functions.length}, behind serverless offline`);
  stopWhenEnds('serverless offline', await startFunctions(ports, variables));
  await startFunctionUrls({ port: ports.functionUrls, lambdaPort: ports.lambda, service });
  tableStream = await startTableStream({ endpoint, tableName, lambdaPort: ports.lambda, service });
  await seedCatalogue(ports.lambda, service);
  await Promise.all([...(withSimulator ? [ports.simulator] : []), ports.functionUrls].map(assertAnswers));

  if (!stopping) console.log(formatWelcome(ports, service, { endpoint, withSimulator, externalWechat }));
}

/** Returns the addresses under the output names of a deployed stack. */
function buildOutputs(ports: Ports, { withUrl }: Service): Record<string, string> {
  const urls = withUrl.map((name) => [formatOutputName(name), `http://localhost:${ports.functionUrls}/${name}`]);
  return { HttpApiUrl: `http://localhost:${ports.http}`, ...Object.fromEntries(urls) };
}

function formatOutputName(functionName: string): string {
  const id = functionName.replaceAll('-', 'Dash');
  return `${id.charAt(0).toUpperCase()}${id.slice(1)}LambdaFunctionUrl`;
}

async function assertAnswers(port: number): Promise<void> {
  await waitUntil(`Port ${port}`, 5_000, async () => (await statusOf(`http://localhost:${port}/`)) > 0);
}

function stopWhenEnds(name: string, { exited }: { exited: Promise<string> }): void {
  void exited.then((lastLines) => stop(1, `${name} ended unexpectedly:\n${lastLines}`));
}

/** Stops the children and then this process. Later calls have no effect: a child that was stopped is no failure. */
async function stop(code: number, message: string): Promise<void> {
  if (stopping) return;
  stopping = true;
  if (code === 0) console.log(message);
  else console.error(message);
  await tableStream?.stop();
  await aws?.stop();
  await stopChildren();
  process.exit(code);
}

function formatWelcome(
  ports: Ports,
  service: Service,
  { endpoint, withSimulator, externalWechat }: { endpoint: string; withSimulator: boolean; externalWechat: boolean },
) {
  const page = `http://localhost:${ports.simulator}`;
  const simulator = withSimulator ? page : 'not started: WeChat is elsewhere';
  const invitation = withSimulator && !externalWechat ? `Open ${page} for a phone in the browser. ` : '';
  return `ready http://localhost:${ports.http}

  HTTP API       http://localhost:${ports.http}
  Function URLs  http://localhost:${ports.functionUrls}/<name>   ${service.withUrl.join(', ')}
  WeChat         ${simulator}
  DynamoDB       ${endpoint}
  AWS stand-ins  http://localhost:${ports.aws}   the event bus, secrets; buckets in .local/
  Lambda API     http://localhost:${ports.lambda}   npm run op -- <function> '<json>'

${invitation}Ctrl-C stops the stack.`;
}
