import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

interface Step {
  id?: string;
  uses?: string;
  run?: string;
  if?: string;
  with?: Record<string, unknown>;
  env?: Record<string, string>;
}

interface Job {
  uses?: string;
  needs?: string;
  environment?: string;
  permissions?: Record<string, string>;
  env?: Record<string, string>;
  with?: Record<string, string>;
  steps?: Step[];
}

interface Workflow {
  on: Record<string, unknown> & { push?: unknown; schedule?: unknown };
  permissions: Record<string, string>;
  concurrency?: { group: string; 'cancel-in-progress': boolean };
  jobs: Record<string, Job>;
}

const texts = ['check', 'deploy'].map((name) => readFileSync(`.github/workflows/${name}.yml`, 'utf8'));
const [check, deploy] = texts.map((text) => parse(text) as Workflow) as [Workflow, Workflow];
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
const checking = check.jobs.check?.steps ?? [];
const deploying = deploy.jobs.deploy?.steps ?? [];

/** The index of the first step that runs or uses something. */
const at = (steps: Step[], pattern: RegExp) =>
  steps.findIndex(({ run = '', uses = '' }) => pattern.test(run) || pattern.test(uses));

interface Run {
  /** Files of the folder that the step runs in. A file without an extension is also a command. */
  files: Record<string, string>;
  env?: Record<string, string>;
  /** The file to read afterwards. */
  result: string;
}

/** Runs a step as GitHub does. `result` is undefined when there is no such file. */
function runStep({ run = '' }: Step, { files, env = {}, result }: Run) {
  const folder = mkdtempSync(join(tmpdir(), 'step-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), content, { mode: 0o755 });
    }
    const own = { PATH: `${folder}:${process.env['PATH']}`, GITHUB_ENV: join(folder, 'github-env') };
    const { status } = spawnSync('bash', ['-e', '-c', run], { cwd: folder, env: { ...own, ...env } });
    const file = join(folder, result);
    return { status, result: existsSync(file) ? readFileSync(file, 'utf8') : undefined };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the workflows', () => {
  it('run only scripts that package.json has', () => {
    const named = texts.flatMap((text) => [...text.matchAll(/npm (?:run )?([\w:]+)/g)].map(([, name]) => name!));
    expect(named).toContain('smoke');
    expect(named.filter((name) => name !== 'ci' && !(name in scripts))).toEqual([]);
  });

  it('contain no secret and no key of AWS', () => {
    for (const text of texts) expect(text).not.toMatch(/secrets\.|AKIA|aws-secret-access-key|AWS_SECRET/i);
  });
});

describe('an action', () => {
  const actions = texts.flatMap((text) => [...text.matchAll(/^ +- uses: (.+)$/gm)].map(([, action]) => action!));

  it('is pinned by a commit, with its release as a comment', () => {
    expect(actions.length).toBeGreaterThan(5);
    expect(actions.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([]);
  });

  it('has one version in all workflows', () => {
    const names = new Set(actions.map((action) => action.split('@')[0]));
    expect(new Set(actions).size).toBe(names.size);
  });
});

describe('the check', () => {
  it('runs for pull requests with read permission, and reaches nothing in AWS', () => {
    expect(check.on).toHaveProperty('pull_request');
    expect(check.on).not.toHaveProperty('pull_request_target');
    expect(check.permissions).toEqual({ contents: 'read' });
    expect(Object.values(check.jobs).filter(({ permissions }) => permissions)).toEqual([]);
    expect(at(checking, /aws-actions/)).toBe(-1);
  });

  it('runs every week, because dependencies and runner images change without a commit', () => {
    expect(check.on.schedule).toEqual([{ cron: expect.stringMatching(/^\d+ \d+ \* \* [0-6]$/) }]);
  });

  it('runs the browser tests, with a browser', () => {
    const tests = at(checking, /run test:browser/);
    const browser = at(checking, /apt-get install .*chromium/);
    expect(browser).toBeGreaterThan(-1);
    expect(tests).toBeGreaterThan(browser);
    expect(checking.filter((step) => 'continue-on-error' in step)).toEqual([]);
  });

  it('packages after the tests, and only there', () => {
    const commands = [/npm ci/, /run check/, /npm test/, /run test:browser/, /run package/, /upload-artifact/];
    const order = commands.map((one) => at(checking, one));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order).not.toContain(-1);
    expect(at(deploying, /run package|serverless package/)).toBe(-1);
  });

  it('keeps the source maps as long as prod keeps its logs', () => {
    const { params } = parse(readFileSync('serverless.yml', 'utf8')) as { params: { prod: { logDays: number } } };
    const kept = checking.find(({ with: its }) => its?.path === '.serverless/source-maps');
    expect(kept?.uses).toMatch(/^actions\/upload-artifact@/);
    expect(kept?.with).toMatchObject({ 'if-no-files-found': 'error', 'include-hidden-files': true });
    expect(Number(kept?.with?.['retention-days'])).toBeGreaterThanOrEqual(params.prod.logDays);
  });

  describe('writes the settings of the stage', () => {
    const step = checking.find(({ env }) => env?.SETTINGS_PROD)!;
    const VARIABLES = { SETTINGS_DEV: 'SITE_NAME=dev', SETTINGS_PROD: 'SITE_NAME=prod' };
    const settingsOf = (stage: string, variables: Record<string, string>, files: Record<string, string> = {}) =>
      runStep(step, { files, env: { STAGE: stage, ...variables }, result: `.env.${stage}` });

    it.each(['dev', 'prod'])('%s from its own variable', (stage) => {
      expect(settingsOf(stage, VARIABLES)).toEqual({ status: 0, result: `SITE_NAME=${stage}\n` });
    });

    it.each(['dev', 'prod'])('%s never from the variable of the other stage', (stage) => {
      const empty = { ...VARIABLES, [`SETTINGS_${stage.toUpperCase()}`]: '' };
      expect(settingsOf(stage, empty)).toEqual({ status: 1, result: undefined });
    });

    it('only where the repository has none', () => {
      const files = { '.env.prod': 'SITE_NAME=committed\n' };
      expect(settingsOf('prod', VARIABLES, files)).toEqual({ status: 0, result: 'SITE_NAME=committed\n' });
    });
  });
});

describe('the deployment', () => {
  it('is of main to dev, of a tag to prod, and by hand of the stage that is chosen', () => {
    // The conditions of GitHub read as JavaScript.
    const [, condition = ''] = /^\$\{\{(.*)\}\}$/.exec(deploy.jobs.deploy?.environment ?? '') ?? [];
    const stageOf = (github: object, inputs: object = {}) => runInNewContext(condition, { github, inputs }) as unknown;
    expect(deploy.on.push).toEqual({ branches: ['main'], tags: ['v*'] });
    expect(stageOf({ ref_type: 'branch' })).toBe('dev');
    expect(stageOf({ ref_type: 'tag' })).toBe('prod');
    expect(stageOf({ ref_type: 'branch' }, { stage: 'prod' })).toBe('prod');
  });

  it('runs one at a time for a stage, for the stage that was packaged', () => {
    const { jobs, concurrency } = deploy;
    const stage = jobs.deploy?.environment;
    expect([jobs.check?.with?.stage, jobs.deploy?.env?.STAGE]).toEqual([stage, stage]);
    expect(concurrency).toEqual({ group: `deploy-${stage}`, 'cancel-in-progress': false });
  });

  it('takes a role by OIDC, in the one job that deploys', () => {
    expect(deploy.permissions).toEqual({ contents: 'read' });
    expect(deploy.jobs.deploy?.permissions).toEqual({ 'id-token': 'write', contents: 'read' });
    expect(deploy.jobs.check?.permissions).toBeUndefined();
  });

  it('runs no install script of a dependency in a job that can take a role', () => {
    const jobs = [check, deploy].flatMap((workflow) => Object.values(workflow.jobs));
    const trusted = jobs.filter(({ permissions }) => permissions && 'id-token' in permissions);
    expect(trusted).toHaveLength(1);
    const installs = trusted[0]!.steps!.flatMap(({ run = '' }) => run.match(/npm (ci|i|install)\b.*/g) ?? []);
    expect(installs).toEqual(['npm ci --ignore-scripts']);
  });

  it('waits for the check, deploys its package and smoke-tests it', () => {
    expect(deploy.jobs.deploy?.needs).toBe('check');
    const steps = [/download-artifact/, /configure-aws/, /deployed\.ts/, /serverless deploy/, /run smoke/, /rollback/];
    const order = steps.map((one) => at(deploying, one));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order).not.toContain(-1);
    const kept = checking[at(checking, /upload-artifact/)]?.with;
    const taken = deploying[at(deploying, /download-artifact/)]?.with;
    expect(taken?.path).toBe(kept?.path);
    expect(deploying[at(deploying, /serverless deploy/)]?.run).toContain(`--package ${taken?.path} --force`);
  });

  it('is in the region of the package, wherever its settings come from', () => {
    expect(texts.join()).not.toMatch(/vars\.AWS_REGION/);
    expect(deploy.jobs.deploy?.env).not.toHaveProperty('AWS_REGION');
    const index = at(deploying, /serverless-state/);
    expect(index).toBeGreaterThan(at(deploying, /download-artifact/));
    expect(index).toBeLessThan(at(deploying, /configure-aws/));
    expect(deploying[at(deploying, /configure-aws/)]?.with).toMatchObject({ 'aws-region': '${{ env.AWS_REGION }}' });
    const regionOf = (state: object) =>
      runStep(deploying[index]!, {
        files: { '.serverless/serverless-state.json': JSON.stringify(state), 'github-env': '' },
        result: 'github-env',
      });
    expect(regionOf({ service: { provider: { region: 'eu-west-1' } } })).toEqual({
      status: 0,
      result: 'AWS_REGION=eu-west-1\n',
    });
    expect(regionOf({ service: {} })).toEqual({ status: 1, result: '' });
  });

  describe('rolls back', () => {
    const before = deploying[at(deploying, /deployed\.ts/)];
    const step = deploying[at(deploying, /rollback/)]!;
    const COMMANDS = { npx: '#!/bin/sh\necho "npx $*" >> calls\n', npm: '#!/bin/sh\necho "npm $*" >> calls\n' };
    const callsOf = (timestamp: string) =>
      runStep(step, { files: COMMANDS, env: { STAGE: 'prod', TIMESTAMP: timestamp }, result: 'calls' });

    it('only a deployment that succeeded and does not work', () => {
      expect(step.if).toBe("failure() && steps.deploy.outcome == 'success'");
      expect(deploying.find(({ id }) => id === 'deploy')?.run).toContain('serverless deploy');
    });

    it('to the deployment that ran before, and smoke-tests that one', () => {
      expect(step.env?.TIMESTAMP).toBe(`\${{ steps.${before?.id}.outputs.timestamp }}`);
      expect(callsOf('1700000000000')).toEqual({
        status: 0,
        result: 'npx serverless rollback --stage prod --timestamp 1700000000000\nnpm run smoke -- --stage prod\n',
      });
    });

    it('to nothing, and fails, when there was none before', () => {
      expect(callsOf('')).toEqual({ status: 1, result: undefined });
    });
  });
});
