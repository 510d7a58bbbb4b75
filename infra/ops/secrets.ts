// `npm run secrets -- list | put [NAME …] | remove NAME … | rotate JWT_SIGNING_KEYS [--stage <stage>]`: the secrets of the
// local stack, or of a stage in AWS. Values are typed, pasted, piped in or read from a file; never an argument.
import { setTimeout as sleep } from 'node:timers/promises';
import { SECRET_NAMES, type SecretName } from '../../lib/core/config.ts';
import { MAX_AGE_MS } from '../../lib/secrets/cache.ts';
import { NotDeployedError, readDeployment } from './deployment.ts';
import { runCommand, UsageError } from './command.ts';
import { readPipedAnswer, openAnswers } from './secrets/answers.ts';
import { FORMS } from './secrets/forms.ts';
import { listNeededSecrets } from './secrets/needed.ts';
import { promptForSecrets } from './secrets/put.ts';
import { assertRemovable } from './secrets/remove.ts';
import { rotateStoredKeys } from './secrets/rotate.ts';
import { describeShadowed, findShadowedNames } from './secrets/shadowed.ts';
import { openSecretStore, type SecretStore } from './secrets/store.ts';
import { readTarget, type Target } from './target.ts';
import { parseCommandLine } from './command-line.ts';

const USAGE = `Usage: npm run secrets -- <command> [--stage <stage>]
  list                     the stored names, without their values
  put [NAME …]             asks for each; @file reads a file, an empty answer keeps the stored value
  remove NAME …            removes secrets that are no longer in use
  rotate JWT_SIGNING_KEYS  replaces the key of the session tokens; no user is logged out
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
    const part = name in FORMS ? FORMS[name as SecretName].part : 'unknown name';
    return `${name.padEnd(27)}${state.padEnd(24)}${part}`;
  });
  console.log([`${target.secretsPath}, times in UTC`, ...rows].join('\n'));
}

async function put({ target, store, names }: Work): Promise<void> {
  const { stdin, stdout } = process;
  if (!stdin.isTTY && names.length === 0) throw new UsageError(`Piped input needs the names of the secrets.\n${USAGE}`);
  const requested = names.length > 0 ? names : listNeededSecrets(await readVariables(target));
  const answers = !stdin.isTTY && names.length === 1 ? readPipedAnswer(stdin) : openAnswers(stdin, stdout);
  if (answers.interactive) {
    console.log(
      `${target.secretsPath}: typed values are not shown. @file reads a file, an empty answer keeps the stored value.`,
    );
  }
  const writes = await promptForSecrets(requested, { store, answers, print: console.log }).finally(answers.close);
  for (const [name, value] of writes) {
    await store.put(name, value);
    console.log(`stored   ${name}`);
  }
  if (writes.length === 0) return void console.log('Nothing has changed.');
  const unread = await reportShadowed(
    target,
    writes.map(([name]) => name),
  );
  const effect = unread < writes.length ? `Functions use it within ${MAX_AGE_MS / 1_000} seconds. ` : '';
  console.log(`${effect}Try it: ${doctorCommand(target)}`);
}

/**
 * Prints the names that a variable of the functions shadows, and returns how many there are. Prints none when the operator
 * has no permission to read the functions.
 */
async function reportShadowed(target: Target, names: SecretName[]): Promise<number> {
  const shadowed = findShadowedNames(names, (await deployedVariables(target).catch(() => undefined)) ?? {});
  for (const name of shadowed) console.log(`${describeShadowed(name)}.`);
  return shadowed.length;
}

async function remove({ target, store, names }: Work): Promise<void> {
  if (names.length === 0) throw new UsageError(USAGE);
  const stored = new Set((await store.list()).keys());
  // No stage requires a previous value, so its variables are not read.
  const arePrevious = names.every((name) => name.endsWith('_PREVIOUS'));
  const variables = arePrevious ? undefined : await deployedVariables(target);
  assertRemovable(names, { stored, variables });
  for (const name of names) {
    await store.remove(name);
    console.log(`removed  ${name}`);
  }
}

/** Returns undefined when no stack is deployed: secrets outlive their stage, and an operator may then remove all of them. */
async function deployedVariables(target: Target): Promise<NodeJS.ProcessEnv | undefined> {
  return readDeployment(target).then(
    ({ variables }) => variables,
    (error: unknown) => {
      if (error instanceof NotDeployedError) return undefined;
      throw error;
    },
  );
}

async function rotate({ target, store, names }: Work): Promise<void> {
  if (names.length !== 1 || names[0] !== 'JWT_SIGNING_KEYS') {
    throw new UsageError(`rotate takes JWT_SIGNING_KEYS only; WeChat issues the others: use put.\n${USAGE}`);
  }
  await rotateStoredKeys({ store, now: Date.now, wait: sleep, print: console.log });
  await reportShadowed(target, ['JWT_SIGNING_KEYS']);
  console.log(`Try it: ${doctorCommand(target)}`);
}

/** Reads the variables of the local stack, or the settings that this machine would deploy. */
async function readVariables(target: Target): Promise<NodeJS.ProcessEnv> {
  return target.standIns ? (await readDeployment(target)).variables : process.env;
}

function parseSecretName(word: string): SecretName {
  if (SECRET_NAMES.includes(word as SecretName)) return word as SecretName;
  // The message does not repeat the word, because it may be a secret.
  throw new UsageError(`The arguments must be names of secrets: ${SECRET_NAMES.join(', ')}`);
}

function doctorCommand({ name, standIns }: Target): string {
  return standIns ? 'npm run doctor' : `npm run doctor -- --stage ${name}`;
}

await runCommand(async () => {
  const { stage, positionals } = parseCommandLine(USAGE, { allowPositionals: true });
  const [command = '', ...rest] = positionals;
  const run = COMMANDS[command];
  if (!run) throw new UsageError(USAGE);
  const names = rest.map(parseSecretName);
  const target = readTarget(stage);
  const store = openSecretStore(target, target.secretsPath);
  await run({ target, store, names }).finally(store.close);
});
