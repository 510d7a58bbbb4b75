// vitest globalSetup of the integration project: one engine for the whole run, one table per test file (table.ts).
import type { TestProject } from 'vitest/node';
import { startEngine } from '../../infra/local/engine.ts';
import { findFreePorts } from './ports.ts';

declare module 'vitest' {
  interface ProvidedContext {
    dynamodbEndpoint: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [port] = await findFreePorts(1);
  const engine = await startEngine({ port: port as number });
  project.provide('dynamodbEndpoint', engine.endpoint);
  return engine.stop;
}
