import { defineConfig } from 'vitest/config';

const project = (name: string, extra: object = {}) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], ...extra },
});

/** One after the other: groups of a lower order come first. */
const rehearsal = (name: string, groupOrder: number, extra: object) =>
  project(name, {
    globalSetup: 'test/rehearsal/e2e-setup.ts',
    fileParallelism: false,
    sequence: { groupOrder },
    ...extra,
  });

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    pool: 'threads',
    maxWorkers: 2,
    // These end what hangs. What is only slow, as any machine is at times, is no failure.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 15_000 } },
    projects: [
      project('unit'),
      project('conformance'),
      // Rules of the type checker: nothing is run.
      project('types', {
        include: [],
        typecheck: { enabled: true, only: true, include: ['test/types/*.test-d.ts'], checker: 'tsc' },
      }),
      project('integration', { globalSetup: 'test/support/engine.ts' }),
      // After the others: a stack that starts, and a service that is packaged, leave no CPU for deadlines of a second.
      project('e2e', {
        globalSetup: 'test/support/e2e-setup.ts',
        fileParallelism: false,
        sequence: { groupOrder: 1 },
      }),
      project('template', { sequence: { groupOrder: 2 } }),
      // `npm run rehearse`: against a deployment, the end-to-end tests, then the jobs, and then what there is to say of it.
      rehearsal('rehearsal', 1, {
        include: ['test/e2e/**/*.test.ts'],
        // What is about the local stack itself.
        exclude: ['local-stack', 'readme', 'ops'].map((name) => `test/e2e/${name}.test.ts`),
      }),
      rehearsal('rehearsal-jobs', 2, { include: ['test/rehearsal/jobs.test.ts'] }),
      rehearsal('rehearsal-verdict', 3, { include: ['test/rehearsal/verdict/*.test.ts'] }),
      // Needs a Chromium, which npm does not install: `npm test` leaves it out.
      project('browser', { fileParallelism: false }),
    ],
  },
});
