// `npm run doctor [-- --stage <stage> --fix]`: checks the accounts, keys and addresses of a stage with AWS, with WeChat and
// with the functions. Changes nothing without `--fix`, and prints each change. Exit code 1 when a check fails.
import { SECRET_NAMES } from '../../lib/core/config.ts';
import { readDeployment, readPublicWebhookUrl, type Deployment } from './deployment.ts';
import { checkAccount, checkSettings } from './doctor/account.ts';
import { checkMiniProgram, checkOfficialAccount, checkSessions } from './doctor/apps.ts';
import { checkPay } from './doctor/pay.ts';
import { applySettings } from './doctor/settings.ts';
import { checkShipping } from './doctor/shipping.ts';
import { checkTable } from './doctor/table.ts';
import { checkVirtualPay } from './doctor/virtual-pay.ts';
import { requestTokens } from './doctor/tokens.ts';
import { checkHealth, checkRejectsForgery, WEBHOOKS } from './probes.ts';
import { runCommand } from './command.ts';
import { exitCodeOf, formatSummary, formatGroup, runCheck, type CheckResult } from './check-report.ts';
import { ENABLING_SETTINGS } from './secrets/needed.ts';
import { openSecretStore } from './secrets/store.ts';
import { readTarget, type Target } from './target.ts';
import { parseArguments } from './command-line.ts';

const USAGE = 'Usage: npm run doctor [-- [--stage <stage>] [--fix]]';
const OPTIONS = { options: { stage: { type: 'string' }, fix: { type: 'boolean' } } } as const;

await runCommand(async () => {
  const { stage, fix = false } = parseArguments(USAGE, OPTIONS).values;
  const target = readTarget(stage);
  const deployment = await readDeployment(target);
  const results: CheckResult[] = [];
  for (const [title, check] of await listGroups(target, deployment, { fix })) {
    const group = await check();
    console.log(formatGroup(title, group));
    results.push(...group);
  }
  console.log(formatSummary(results));
  return exitCodeOf(results);
});

type Group = [title: string, check: () => Promise<CheckResult[]>];

async function listGroups(target: Target, deployment: Deployment, { fix }: { fix: boolean }): Promise<Group[]> {
  const { variables } = deployment;
  const store = openSecretStore(target, target.secretsPath);
  const [stored, secrets] = await Promise.all([store.list(), store.read(SECRET_NAMES)]).finally(store.close);
  applySettings(variables, secrets);
  const tokens = requestTokens(target);
  tokens.catch(() => undefined);
  const part = (name: keyof typeof ENABLING_SETTINGS, check: () => Promise<CheckResult[]>): Group => [
    name,
    () => (variables[ENABLING_SETTINGS[name]] ? check() : reportNotSetUp(ENABLING_SETTINGS[name])),
  ];
  // A shop in the mini-program needs both.
  const notSetUp = ['MINIAPP_APP_ID', 'PAY_MCH_ID'].find((name) => !variables[name]);
  return [
    ['account', () => checkAccount(target, deployment)],
    ['settings', () => checkSettings(target, deployment, stored)],
    ['sessions', checkSessions],
    part('mini-program', () => checkMiniProgram(deployment, tokens)),
    part('official account', () => checkOfficialAccount(deployment, tokens)),
    part('WeChat Pay', () => checkPay(target, { fix })),
    ['shipping', () => (notSetUp ? reportNotSetUp(notSetUp) : checkShipping({ fix }))],
    [
      'virtual payment',
      () => (variables.MINIAPP_APP_ID ? checkVirtualPay(target, deployment) : reportNotSetUp('MINIAPP_APP_ID')),
    ],
    ['table', () => checkTable(target, deployment)],
    ['addresses', () => checkAddresses(deployment)],
  ];
}

async function reportNotSetUp(variable: string): Promise<CheckResult[]> {
  return [await runCheck('not set up', () => ({ mark: '–', note: `${variable} is not set` }))];
}

function checkAddresses(deployment: Deployment): Promise<CheckResult[]> {
  return Promise.all([
    runCheck('HTTP API', () => checkHealth(deployment)),
    ...WEBHOOKS.map((name) =>
      runCheck(name, async () => checkRejectsForgery(deployment, name, readPublicWebhookUrl(deployment, name))),
    ),
  ]);
}
