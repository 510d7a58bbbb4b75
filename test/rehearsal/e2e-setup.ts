// vitest globalSetup of the rehearsal: provides the addresses of the deployment that run.ts made.
import type { TestProject } from 'vitest/node';
import type { Rehearsal } from './verdict.ts';

declare module 'vitest' {
  interface ProvidedContext {
    rehearsal: Rehearsal;
  }
}

export default function setup(project: TestProject): void {
  const { REHEARSAL } = process.env;
  if (!REHEARSAL)
    throw new Error('REHEARSAL is not set. Run "npm run rehearse", which deploys the service before these tests.');
  const rehearsal = JSON.parse(REHEARSAL) as Rehearsal;
  project.provide('rehearsal', rehearsal);
  project.provide('stack', rehearsal.stack);
}
