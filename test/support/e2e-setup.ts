// vitest globalSetup of the e2e project: one local stack for all files, started like `npm start`.
import type { TestProject } from 'vitest/node';
import { assertNoLeaks, issuedBy } from './leaks.ts';
import { startStack, type StackUrls } from './stack.ts';

declare module 'vitest' {
  interface ProvidedContext {
    stack: StackUrls;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { http, functionUrls, simulator, dynamodb, lambda, aws, output, stop } = await startStack();
  project.provide('stack', { http, functionUrls, simulator, dynamodb, lambda, aws });
  return async () => {
    const issued = await issuedBy(simulator);
    await stop();
    assertNoLeaks(output(), issued);
  };
}
