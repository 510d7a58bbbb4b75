// vitest globalSetup of the integration project: one engine per worker, because an engine uses one CPU; one table per world
// (table.ts).
import { randomUUID } from 'node:crypto';
import { DeleteTableCommand, DynamoDBClient, paginateListTables } from '@aws-sdk/client-dynamodb';
import type { TestProject } from 'vitest/node';
import { startEngine } from '../../infra/local/engine.ts';
import { LOCAL_AWS, clientSettings } from '../../infra/service/table.ts';
import { findFreePorts } from './ports.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** One endpoint per worker, or one for all workers. */
    dynamodbEndpoints: string[];
    /** Begins the name of every table of this run, so that runs on one engine do not collide. */
    tablePrefix: string;
  }
}

/** The `maxWorkers` of vitest.config.ts. */
const WORKERS = 2;

/** Starts the embedded engines, unless `AWS_ENDPOINT_URL_DYNAMODB` names another engine. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const tablePrefix = `test-${randomUUID()}-`;
  project.provide('tablePrefix', tablePrefix);
  const { AWS_ENDPOINT_URL_DYNAMODB: foreign } = process.env;
  if (foreign) {
    project.provide('dynamodbEndpoints', [foreign]);
    return () => deleteTables(foreign, tablePrefix);
  }
  const ports = await findFreePorts(WORKERS);
  const engines = await Promise.all(ports.map((port) => startEngine({ port })));
  project.provide(
    'dynamodbEndpoints',
    engines.map(({ endpoint }) => endpoint),
  );
  return async () => void (await Promise.all(engines.map((engine) => engine.stop())));
}

async function deleteTables(endpoint: string, prefix: string): Promise<void> {
  Object.assign(process.env, LOCAL_AWS);
  const client = new DynamoDBClient(clientSettings(endpoint));
  const names: string[] = [];
  for await (const { TableNames = [] } of paginateListTables({ client }, {})) names.push(...TableNames);
  for (const TableName of names.filter((name) => name.startsWith(prefix))) {
    await client.send(new DeleteTableCommand({ TableName }));
  }
  client.destroy();
}
