// Sets up a rehearsal: the emulator, its IAM proxies, the deployed service, the WeChat simulator and the gateway.
import { LambdaClient } from '@aws-sdk/client-lambda';
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import type { Child } from '../../infra/local/processes.ts';
import { seedCatalogue } from '../../infra/local/seed.ts';
import { readService } from '../../infra/service/service.ts';
import { buildSettings } from '../../infra/local/settings.ts';
import { LOCAL_AWS } from '../../infra/service/table.ts';
import { startSimulator } from '../../infra/simulator/simulator.ts';
import { findFreePorts } from '../support/ports.ts';
import {
  deployService,
  packageService,
  putSecrets,
  readFunctionUrls,
  readOutputs,
  stageSettings,
  type AwsClient,
} from './deploy.ts';
import { ACCOUNT, startEmulator } from './emulator.ts';
import { serveFunctionUrls, serveHttpApi, servedAt } from './gateway.ts';
import { startIamProxies, type IamProxies } from './iam/proxies.ts';
import { readRoles, servicesAccesses } from './iam/roles.ts';
import { serveVerdict, type Rehearsal } from './verdict.ts';

export interface StageOptions {
  /** The folder with the programs of requirements.txt. */
  programs: string;
  /** Folder for the package, the logs and temporary files of the functions. */
  folder: string;
  /** Reports the next step. */
  say(step: string): void;
  /** Called when the emulator ends, with the last lines of its output. */
  onEmulatorEnd(lastLines: string): void;
}

export interface Stage {
  aws: AwsClient;
  rehearsal: Rehearsal;
  proxies: IamProxies;
  roles: Awaited<ReturnType<typeof readRoles>>;
  /** Lists the accesses of AWS services that use the roles of the functions. */
  servicesAccesses: () => ReturnType<typeof servicesAccesses>;
}

/** Packages the service, deploys it to the emulator and starts the WeChat simulator and the gateway. */
export async function setStage({ programs, folder, say, onEmulatorEnd }: StageOptions): Promise<Stage> {
  const service = readService();
  const region = LOCAL_AWS.AWS_REGION;
  const place = { region, account: ACCOUNT };
  const [http, functionUrls, simulator, emulator] = (await findFreePorts(4)) as [number, number, number, number];
  const ports = { http, functionUrls, simulator, dynamodb: emulator, lambda: emulator, aws: emulator };
  const { variables, simulator: wechat } = await buildSettings({}, ports, service.tableName);
  const endpoint = `http://127.0.0.1:${emulator}`;
  const aws = { endpoint, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  const lambda = new LambdaClient(aws);

  say('serverless package');
  const packaged = join(folder, 'package');
  await packageService(stageSettings(variables), packaged);

  say(`the emulator, on port ${emulator}`);
  const keys = { accessKeyId: ACCOUNT, secretAccessKey: secret(), sessionToken: secret() };
  const rolesRead = Promise.withResolvers<Stage['roles']>();
  const proxies = await startIamProxies({
    ...place,
    functionNames: service.functions.map(service.deployedName),
    roles: rolesRead.promise,
    keys,
    emulatorPort: emulator,
  });
  const log = createWriteStream(join(folder, 'emulator.log'));
  const child: Child = await startEmulator({
    programs,
    port: emulator,
    region,
    folder,
    proxies: proxies.addresses,
    keys,
    variables: Object.fromEntries(Object.entries(variables).filter(([name]) => /^WECHAT_.*_BASE_URL$/.test(name))),
    onLine: (line) => void log.write(`${line}\n`),
  });
  void child.exited.then(onEmulatorEnd);

  say('serverless deploy');
  await deployService(aws, packaged);
  const { SecretsPath = '', HttpApiId = '', ...outputs } = await readOutputs(aws, service.tableName);
  const roles = await readRoles(endpoint, lambda);
  rolesRead.resolve(roles);

  say('the secrets, WeChat, the gateway, the catalogue');
  await putSecrets(aws, SecretsPath, variables);
  const urls = await readFunctionUrls(lambda, service);
  await startSimulator({ ...wechat, servedAt: (url) => servedAt(url, urls, functionUrls) });
  await serveFunctionUrls(functionUrls, emulator, urls);
  await serveHttpApi(http, emulator, HttpApiId);
  await seedCatalogue(emulator, service);

  const services = () => servicesAccesses(lambda, place);
  const [httpUrl, urlsUrl, simulatorUrl] = [http, functionUrls, simulator].map((port) => `http://localhost:${port}`);
  const stack = { http: httpUrl!, functionUrls: urlsUrl!, simulator: simulatorUrl! };
  const rehearsal = {
    stack: { ...stack, dynamodb: endpoint, lambda: endpoint, aws: endpoint },
    region,
    verdict: await serveVerdict(proxies, { services, roles }),
    outputs,
    packaged,
    linter: `${programs}/cfn-lint`,
    proxies: proxies.addresses,
    keys,
  };
  return { aws, rehearsal, proxies, roles, servicesAccesses: services };
}

function secret(): string {
  return randomBytes(20).toString('hex');
}
