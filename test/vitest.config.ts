import { defineConfig } from 'vitest/config';

const project = (name: string, extra: object = {}) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], ...extra },
});

/** A project of the rehearsal. The three of them run one after the other, in the order of `groupOrder`. */
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
    // Timeouts end a test that hangs. They are long, because a slow machine is not a failure.
    testTimeout: 180_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 15_000 } },
    projects: [
      project('unit'),
      project('conformance'),
      // Checked by the compiler only; no code runs.
      project('types', {
        include: [],
        typecheck: { enabled: true, only: true, include: ['test/types/*.test-d.ts'], checker: 'tsc' },
      }),
      project('integration', { globalSetup: 'test/support/engine.ts' }),
      // These run after the others, because starting a stack or packaging would starve tests with deadlines of a second.
      project('e2e', {
        globalSetup: 'test/support/e2e-setup.ts',
        fileParallelism: false,
        sequence: { groupOrder: 1 },
      }),
      project('template', { sequence: { groupOrder: 2 } }),
      // `npm run rehearse`, against a deployment: the end-to-end tests, then the jobs, then the verdict.
      rehearsal('rehearsal', 1, {
        include: ['test/e2e/**/*.test.ts'],
        // Tests of the local stack itself, and of retries of the stream, which the emulator does not make.
        exclude: ['local-stack', 'readme', 'ops', 'configured-stack', 'union-retry'].map(
          (name) => `test/e2e/${name}.test.ts`,
        ),
      }),
      rehearsal('rehearsal-jobs', 2, { include: ['test/rehearsal/jobs.test.ts'] }),
      rehearsal('rehearsal-verdict', 3, { include: ['test/rehearsal/verdict/*.test.ts'] }),
      // Needs a Chromium, which npm does not install, so `npm test` leaves it out.
      project('browser', { fileParallelism: false }),
    ],
  },
});
