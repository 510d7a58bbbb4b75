import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

interface Step {
  id?: string;
  uses?: string;
  run?: string;
  if?: string;
  with?: Record<string, string>;
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
  on: Record<string, unknown>;
  permissions: Record<string, string>;
  concurrency?: { group: string; 'cancel-in-progress': boolean };
  jobs: Record<string, Job>;
}

const texts = ['check', 'deploy'].map((name) => readFileSync(`.github/workflows/${name}.yml`, 'utf8'));
const [check, deploy] = texts.map((text) => parse(text) as Workflow) as [Workflow, Workflow];
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
const checking = check.jobs.check?.steps ?? [];
const deploying = deploy.jobs.deploy?.steps ?? [];

/** Where the first step stands that runs or uses something. */
const at = (steps: Step[], pattern: RegExp) =>
  steps.findIndex(({ run = '', uses = '' }) => pattern.test(run) || pattern.test(uses));

/** Runs a step as GitHub does, in a folder with these files. @returns what it adds to the environment */
function runIn(files: Record<string, string>, { run = '' }: Step) {
  const folder = mkdtempSync(join(tmpdir(), 'step-'));
  for (const [name, content] of Object.entries({ ...files, env: '' })) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  const env = { ...process.env, GITHUB_ENV: join(folder, 'env') };
  const { status } = spawnSync('bash', ['-e', '-c', run], { cwd: folder, env });
  const added = readFileSync(join(folder, 'env'), 'utf8');
  rmSync(folder, { recursive: true });
  return { status, env: added };
}

describe('the workflows', () => {
  it('run only scripts that there are', () => {
    const named = texts.flatMap((text) => [...text.matchAll(/npm (?:run )?([\w:]+)/g)].map(([, name]) => name!));
    expect(new Set(named)).toEqual(new Set(['ci', 'check', 'test', 'rehearse', 'package', 'smoke']));
    expect(named.filter((name) => name !== 'ci' && !(name in scripts))).toEqual([]);
  });

  it('know no secret, and write no key of AWS', () => {
    for (const text of texts) expect(text).not.toMatch(/secrets\.|AKIA|aws-secret-access-key|AWS_SECRET/i);
  });

  it('use majors of actions that run on a Node that is supported', () => {
    const used = [...checking, ...deploying].flatMap(({ uses }) => uses ?? []);
    expect([...new Set(used)].toSorted()).toEqual([
      'actions/checkout@v7',
      'actions/download-artifact@v8',
      'actions/setup-node@v7',
      'actions/upload-artifact@v7',
      'aws-actions/configure-aws-credentials@v6',
    ]);
  });
});

describe('the check', () => {
  it('is made of pull requests, with nothing that reaches AWS', () => {
    expect(check.on).toHaveProperty('pull_request');
    expect(check.on).not.toHaveProperty('pull_request_target');
    expect(check.permissions).toEqual({ contents: 'read' });
    expect(at(checking, /aws-actions/)).toBe(-1);
  });

  it('packages what was checked and tested, once', () => {
    const order = [/npm ci/, /run check/, /npm test/, /run package/, /upload-artifact/].map((one) => at(checking, one));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order).not.toContain(-1);
    expect(at(deploying, /run package|serverless package/)).toBe(-1);
  });

  it('never takes the settings of one stage for those of another', () => {
    const { run = '', env } = checking.find(({ env: own }) => own?.SETTINGS_PROD)!;
    expect(env).toEqual({ SETTINGS_DEV: '${{ vars.SETTINGS_DEV }}', SETTINGS_PROD: '${{ vars.SETTINGS_PROD }}' });
    expect(run).toContain('exit 1');
  });
});

describe('the deployment', () => {
  const STAGE = "${{ inputs.stage || (github.ref_type == 'tag' && 'prod' || 'dev') }}";

  it('is of main to dev, of tags to prod, and by hand of either; one at a time for a stage', () => {
    expect(deploy.on).toMatchObject({
      push: { branches: ['main'], tags: ['v*'] },
      workflow_dispatch: { inputs: { stage: { options: ['dev', 'prod'] } } },
    });
    const { jobs, concurrency } = deploy;
    expect([jobs.check?.with?.stage, jobs.deploy?.environment, jobs.deploy?.env?.STAGE]).toEqual([STAGE, STAGE, STAGE]);
    expect(concurrency).toEqual({ group: `deploy-${STAGE}`, 'cancel-in-progress': false });
  });

  it('takes a role by OIDC, in the one job that deploys', () => {
    expect(deploy.permissions).toEqual({ contents: 'read' });
    expect(deploy.jobs.deploy?.permissions).toEqual({ 'id-token': 'write', contents: 'read' });
    expect(deploying[at(deploying, /configure-aws/)]?.with).toMatchObject({
      'role-to-assume': '${{ vars.AWS_DEPLOY_ROLE_ARN }}',
    });
  });

  it('deploys the package of the check, and tries it', () => {
    expect(deploy.jobs.check?.uses).toBe('./.github/workflows/check.yml');
    expect(deploy.jobs.deploy?.needs).toBe('check');
    const steps = [/download-artifact/, /configure-aws/, /deployed\.ts/, /serverless deploy/, /run smoke/, /rollback/];
    const order = steps.map((one) => at(deploying, one));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order).not.toContain(-1);
    const kept = checking[at(checking, /upload-artifact/)]?.with;
    const taken = deploying[at(deploying, /download-artifact/)]?.with;
    expect([kept?.path, taken?.path]).toEqual(['.serverless', '.serverless']);
    expect(deploying[at(deploying, /serverless deploy/)]?.run).toMatch(/--package \.serverless --force$/m);
  });

  it('is in the region that the package was made for, wherever that is said', () => {
    expect(texts.join()).not.toMatch(/vars\.AWS_REGION/);
    expect(deploy.jobs.deploy?.env).not.toHaveProperty('AWS_REGION');
    const step = at(deploying, /serverless-state/);
    expect(step).toBeGreaterThan(at(deploying, /download-artifact/));
    expect(step).toBeLessThan(at(deploying, /configure-aws/));
    expect(deploying[at(deploying, /configure-aws/)]?.with).toMatchObject({ 'aws-region': '${{ env.AWS_REGION }}' });
    const found = (state: object) =>
      runIn({ '.serverless/serverless-state.json': JSON.stringify(state) }, deploying[step]!);
    expect(found({ service: { provider: { region: 'eu-west-1' } } })).toEqual({
      status: 0,
      env: 'AWS_REGION=eu-west-1\n',
    });
    expect(found({ service: {} })).toEqual({ status: 1, env: '' });
  });

  it('goes back to what ran before, when what was deployed does not work', () => {
    const before = deploying[at(deploying, /deployed\.ts/)];
    const back = deploying[at(deploying, /rollback/)];
    expect(back?.if).toBe("failure() && steps.deploy.outcome == 'success'");
    expect(back?.env?.TIMESTAMP).toBe(`\${{ steps.${before?.id}.outputs.timestamp }}`);
    expect(deploying.find(({ id }) => id === 'deploy')?.run).toContain('serverless deploy');
    expect(back?.run).toMatch(/-z "\$TIMESTAMP"[\s\S]*exit 1[\s\S]*rollback .*--timestamp "\$TIMESTAMP"/);
  });
});
