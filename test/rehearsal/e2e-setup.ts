// vitest globalSetup of the rehearsal: the deployment is there already (run.ts); this says where.
import type { TestProject } from 'vitest/node';
import type { Rehearsal } from './verdict.ts';

declare module 'vitest' {
  interface ProvidedContext {
    rehearsal: Rehearsal;
  }
}

export default function setup(project: TestProject): void {
  const { REHEARSAL } = process.env;
  if (!REHEARSAL) throw new Error('Start it with "npm run rehearse": it deploys what these tests are run against.');
  const rehearsal = JSON.parse(REHEARSAL) as Rehearsal;
  project.provide('rehearsal', rehearsal);
  project.provide('stack', rehearsal.stack);
}
