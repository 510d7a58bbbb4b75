// vitest globalSetup of the e2e project: one local stack for all files, as a person would have started it.
import type { TestProject } from 'vitest/node';
import { startStack, type StackUrls } from './stack.ts';

declare module 'vitest' {
  interface ProvidedContext {
    stack: StackUrls;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { http, functionUrls, simulator, dynamodb, lambda, stop } = await startStack();
  project.provide('stack', { http, functionUrls, simulator, dynamodb, lambda });
  return async () => void (await stop());
}
