// `npm run doctor [-- --stage <stage>]`: whether the accounts, keys and addresses of a stage are right, asked of AWS, of
// WeChat and of the functions themselves. Changes nothing. Exit code 1 when something is wrong.
import { SECRET_NAMES } from '../../lib/core/config.ts';
import { readDeployment, toldUrl, type Deployment } from './deployment.ts';
import { checkAccount, checkSettings } from './doctor/account.ts';
import { checkMiniProgram, checkOfficialAccount, checkSessions } from './doctor/apps.ts';
import { checkPay } from './doctor/pay.ts';
import { assumeSettings } from './doctor/settings.ts';
import { checkTable } from './doctor/table.ts';
import { askForTokens } from './doctor/tokens.ts';
import { checkHealth, checkRefusal, WEBHOOKS } from './probes.ts';
import { runCommand } from './refusal.ts';
import { exitCodeOf, formatEnd, formatGroup, row, type Row } from './rows.ts';
import { SET_UP_BY } from './secrets/needed.ts';
import { openSecretStore } from './secrets/store.ts';
import { readTarget, type Target } from './target.ts';
import { readWords } from './words.ts';

await runCommand(async () => {
  const { stage } = readWords('Usage: npm run doctor [-- --stage <stage>]');
  const target = readTarget(stage);
  const deployment = await readDeployment(target);
  const rows: Row[] = [];
  for (const [title, check] of await groupsOf(target, deployment)) {
    const found = await check();
    console.log(formatGroup(title, found));
    rows.push(...found);
  }
  console.log(formatEnd(rows));
  return exitCodeOf(rows);
});

type Group = [title: string, check: () => Promise<Row[]>];

async function groupsOf(target: Target, deployment: Deployment): Promise<Group[]> {
  const { variables } = deployment;
  const store = openSecretStore(target, target.secretsPath);
  const [stored, secrets] = await Promise.all([store.list(), store.read(SECRET_NAMES)]).finally(store.close);
  assumeSettings(variables, secrets);
  const tokens = askForTokens(target);
  tokens.catch(() => undefined);
  const part = (name: keyof typeof SET_UP_BY, check: () => Promise<Row[]>): Group => [
    name,
    () => (variables[SET_UP_BY[name]] ? check() : notSetUp(SET_UP_BY[name])),
  ];
  return [
    ['account', () => checkAccount(target, deployment)],
    ['settings', () => checkSettings(target, deployment, stored)],
    ['sessions', checkSessions],
    part('mini-program', () => checkMiniProgram(tokens)),
    part('official account', () => checkOfficialAccount(deployment, tokens)),
    part('WeChat Pay', () => checkPay(target)),
    ['table', () => checkTable(target, deployment)],
    ['addresses', () => checkAddresses(deployment)],
  ];
}

async function notSetUp(variable: string): Promise<Row[]> {
  return [await row('not set up', () => ({ mark: '–', note: `${variable} is not set` }))];
}

function checkAddresses(deployment: Deployment): Promise<Row[]> {
  return Promise.all([
    row('HTTP API', () => checkHealth(deployment)),
    ...WEBHOOKS.map((name) => row(name, async () => checkRefusal(deployment, name, toldUrl(deployment, name)))),
  ]);
}
