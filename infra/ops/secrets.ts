// `npm run secrets -- list | put [NAME …] | remove NAME … | rotate JWT_SIGNING_KEYS [--stage <stage>]`: the secrets of the
// local stack, or of a stage in AWS. Values are typed, pasted, piped in or read from a file; never an argument.
import { setTimeout as sleep } from 'node:timers/promises';
import { SECRET_NAMES, type SecretName } from '../../lib/core/config.ts';
import { MAX_AGE_MS } from '../../lib/secrets/cache.ts';
import { NotDeployed, readDeployment } from './deployment.ts';
import { runCommand, WrongUse } from './refusal.ts';
import { onlyAnswer, openAnswers } from './secrets/answers.ts';
import { FORMS } from './secrets/forms.ts';
import { neededSecrets } from './secrets/needed.ts';
import { askForSecrets } from './secrets/put.ts';
import { assertRemovable } from './secrets/remove.ts';
import { rotateStoredKeys } from './secrets/rotate.ts';
import { describeShadowed, shadowedNames } from './secrets/shadowed.ts';
import { openSecretStore, type SecretStore } from './secrets/store.ts';
import { readTarget, type Target } from './target.ts';
import { readWords } from './words.ts';

const USAGE = `Usage: npm run secrets -- <command> [--stage <stage>]
  list                     what is stored, without its values
  put [NAME …]             asks for each; @file reads a file, an empty answer keeps what is there
  remove NAME …            for what is no longer in use
  rotate JWT_SIGNING_KEYS  a new key for our tokens; nobody is logged out
Without a stage: the local stack.`;

interface Work {
  target: Target;
  store: SecretStore;
  names: SecretName[];
}

const COMMANDS: Record<string, (work: Work) => Promise<void>> = { list, put, remove, rotate };

async function list({ target, store }: Work): Promise<void> {
  const stored = await store.list();
  const unknown = [...stored.keys()].filter((name) => !SECRET_NAMES.includes(name as SecretName));
  const rows = [...(Object.keys(FORMS) as SecretName[]), ...unknown].map((name) => {
    const { version, changedAt } = stored.get(name) ?? {};
    const state = changedAt ? `${changedAt.toISOString().slice(0, 16).replace('T', ' ')}  v${version}` : '–';
    const part = name in FORMS ? FORMS[name as SecretName].part : 'nothing knows this name';
    return `${name.padEnd(27)}${state.padEnd(24)}${part}`;
  });
  console.log([`${target.secretsPath}, times in UTC`, ...rows].join('\n'));
}

async function put({ target, store, names }: Work): Promise<void> {
  const { stdin, stdout } = process;
  if (!stdin.isTTY && names.length === 0) throw new WrongUse(`What is piped in needs names.\n${USAGE}`);
  const wanted = names.length > 0 ? names : neededSecrets(await variablesOf(target));
  const answers = !stdin.isTTY && names.length === 1 ? onlyAnswer(stdin) : openAnswers(stdin, stdout);
  if (answers.interactive) {
    console.log(
      `${target.secretsPath}: nothing that you type is shown. @file reads a file, an empty answer keeps what is there.`,
    );
  }
  const writes = await askForSecrets(wanted, { store, answers, say: console.log }).finally(answers.close);
  for (const [name, value] of writes) {
    await store.put(name, value);
    console.log(`stored   ${name}`);
  }
  if (writes.length === 0) return void console.log('Nothing has changed.');
  const unread = await sayShadowed(
    target,
    writes.map(([name]) => name),
  );
  const soon = unread < writes.length ? `Functions work with it within ${MAX_AGE_MS / 1_000} seconds. ` : '';
  console.log(`${soon}Try it: ${doctorOf(target)}`);
}

/**
 * Says of which of these the functions do not read what is stored, and returns how many they are. It is stored all the
 * same: whoever may only store, and cannot see the functions, hears nothing of them here.
 */
async function sayShadowed(target: Target, names: SecretName[]): Promise<number> {
  const shadowed = shadowedNames(names, (await deployedVariables(target).catch(() => undefined)) ?? {});
  for (const name of shadowed) console.log(`${describeShadowed(name)}.`);
  return shadowed.length;
}

async function remove({ target, store, names }: Work): Promise<void> {
  if (names.length === 0) throw new WrongUse(USAGE);
  const stored = new Set((await store.list()).keys());
  // Values of before nobody needs, and so nothing has to be known of the stage.
  const isBefore = names.every((name) => name.endsWith('_PREVIOUS'));
  const variables = isBefore ? undefined : await deployedVariables(target);
  assertRemovable(names, { stored, variables });
  for (const name of names) {
    await store.remove(name);
    console.log(`removed  ${name}`);
  }
}

/** Secrets outlive their stage, and then all of them may go. */
async function deployedVariables(target: Target): Promise<NodeJS.ProcessEnv | undefined> {
  return readDeployment(target).then(
    ({ variables }) => variables,
    (error: unknown) => {
      if (error instanceof NotDeployed) return undefined;
      throw error;
    },
  );
}

async function rotate({ target, store, names }: Work): Promise<void> {
  if (names.length !== 1 || names[0] !== 'JWT_SIGNING_KEYS') {
    throw new WrongUse(`Only JWT_SIGNING_KEYS is made here: what others issue is put.\n${USAGE}`);
  }
  await rotateStoredKeys({ store, now: Date.now, wait: sleep, say: console.log });
  await sayShadowed(target, ['JWT_SIGNING_KEYS']);
  console.log(`Try it: ${doctorOf(target)}`);
}

/** Where nothing is deployed yet, what this machine is going to deploy. */
async function variablesOf(target: Target): Promise<NodeJS.ProcessEnv> {
  return target.standIns ? (await readDeployment(target)).variables : process.env;
}

function secretName(word: string): SecretName {
  if (SECRET_NAMES.includes(word as SecretName)) return word as SecretName;
  // Whatever it is, it may be a value: it is not repeated.
  throw new WrongUse(`Only names stand on the command line, one of: ${SECRET_NAMES.join(', ')}`);
}

function doctorOf({ name, standIns }: Target): string {
  return standIns ? 'npm run doctor' : `npm run doctor -- --stage ${name}`;
}

await runCommand(async () => {
  const { stage, words: typed } = readWords(USAGE, { allowPositionals: true });
  const [command = '', ...words] = typed;
  const run = COMMANDS[command];
  if (!run) throw new WrongUse(USAGE);
  const names = words.map(secretName);
  const target = readTarget(stage);
  const store = openSecretStore(target, target.secretsPath);
  await run({ target, store, names }).finally(store.close);
});
