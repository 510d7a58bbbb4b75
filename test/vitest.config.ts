import { defineConfig } from 'vitest/config';

const project = (name: string, extra: object = {}) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], ...extra },
});

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    pool: 'threads',
    maxWorkers: 2,
    projects: [
      project('unit'),
      project('conformance'),
      project('integration', {
        globalSetup: 'test/support/engine.ts',
        testTimeout: 20_000,
        hookTimeout: 30_000,
      }),
      project('e2e', {
        globalSetup: 'test/support/e2e-setup.ts',
        testTimeout: 60_000,
        hookTimeout: 60_000,
        fileParallelism: false,
      }),
      // Needs a Chromium, which npm does not install: `npm test` leaves it out.
      project('browser', {
        testTimeout: 60_000,
        hookTimeout: 90_000,
        fileParallelism: false,
      }),
    ],
  },
});
