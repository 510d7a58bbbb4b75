import { readFileSync } from 'node:fs';
import { badSetting, type SecretName } from '../../../lib/core/config.ts';
import { isAppError } from '../../../lib/core/errors.ts';
import { readMerchantKey } from '../../../lib/wechat-pay/key-text.ts';
import { explainError, CommandError } from '../command.ts';
import type { Answers } from './answers.ts';
import { FORMS, merchantCertificate } from './forms.ts';
import { createSigningKeys } from './signing-keys.ts';
import type { SecretStore, Stored } from './store.ts';

export type Write = [name: SecretName, value: string];

/** Names that keep the previous value: WeChat still sends messages that it encrypted before the change. */
const PREVIOUS_NAMES: Partial<Record<SecretName, SecretName>> = {
  MINIAPP_AES_KEY: 'MINIAPP_AES_KEY_PREVIOUS',
  OFFICIAL_AES_KEY: 'OFFICIAL_AES_KEY_PREVIOUS',
  PAY_API_V3_KEY: 'PAY_API_V3_KEY_PREVIOUS',
};

/** The longest duration of a change. An older previous value belongs to a finished change. */
const CHANGE_TAKES_MS = 7 * 86_400_000;

/** Secrets that work only as a pair. */
const PAIRS: [SecretName, SecretName][] = [
  ['PAY_MCH_PRIVATE_KEY', 'PAY_MCH_CERT_SERIAL'],
  ['PAY_PUBLIC_KEY', 'PAY_PUBLIC_KEY_ID'],
];
/** Each pair in both orders. */
export const HALVES = PAIRS.flatMap(([one, other]): typeof PAIRS => [
  [one, other],
  [other, one],
]);

interface PromptOptions {
  store: Pick<SecretStore, 'list' | 'read'>;
  answers: Answers;
  print(line: string): void;
}

/**
 * Prompts for each of these secrets and checks the answers. An interactive prompt repeats after a wrong answer.
 * @returns the writes, in this order; nothing is written before every answer is valid
 * @throws NOT_CONFIGURED for a wrong answer, CommandError for half a pair
 */
export async function promptForSecrets(
  names: SecretName[],
  { store, answers, print }: PromptOptions,
): Promise<Write[]> {
  const listed = await store.list();
  const stored = await store.read([...new Set([...names, ...PAIRS.flat()])]);
  const given = new Map<SecretName, string>();
  const proven = new Set<SecretName>();
  for (const name of names) {
    const answer = await promptFor(name, {
      listed: listed.get(name),
      answers,
      print,
      keyOf: merchantKeyOf(given, stored),
    });
    if (answer) given.set(name, answer.value);
    if (answer?.isProven) proven.add(name);
  }
  assertPairsComplete(given, stored, proven);
  const kept = listNamesInChange(listed, Date.now());
  const writes = planWrites(given, stored, kept);
  for (const [name] of writes) {
    const previous = PREVIOUS_NAMES[name];
    if (previous && kept.has(previous) && !given.has(previous)) {
      print(`${previous} stays, because WeChat may still use it; remove it when the change is over.`);
    }
  }
  return writes;
}

/**
 * Returns the writes, in this order: a replaced value that is still needed is saved before the new one is stored. During a
 * change the needed value is already saved (`kept`), and the replaced value counts as a typo that WeChat never used.
 */
export function planWrites(
  given: Map<SecretName, string>,
  stored: Map<SecretName, string>,
  kept: ReadonlySet<string>,
): Write[] {
  return [...given].flatMap(([name, value]): Write[] => {
    const old = stored.get(name);
    if (old === value) return [];
    const previous = PREVIOUS_NAMES[name];
    return previous && old !== undefined && !kept.has(previous) && !given.has(previous)
      ? [
          [previous, old],
          [name, value],
        ]
      : [[name, value]];
  });
}

function listNamesInChange(listed: Map<string, Stored>, nowMs: number): Set<string> {
  const isFresh = ([, { changedAt }]: [string, Stored]) => nowMs - changedAt.getTime() < CHANGE_TAKES_MS;
  return new Set([...listed].filter(isFresh).map(([name]) => name));
}

interface Question extends Pick<PromptOptions, 'answers' | 'print'> {
  listed: Stored | undefined;
  /** Returns the merchant key that is stored or about to be. */
  keyOf(): string | undefined;
}

interface Answer {
  value: string;
  /** The value is a certificate of the merchant key, and may be stored without the key. */
  isProven: boolean;
}

/** @returns undefined when the operator keeps the stored value */
async function promptFor(name: SecretName, { listed, answers, print, keyOf }: Question): Promise<Answer | undefined> {
  const since = listed ? `set ${listed.changedAt.toISOString().slice(0, 10)}` : 'not set';
  for (;;) {
    const answer = await answers.next(`  ${name} [${since}] ${FORMS[name].hint}: `);
    // A script with missing input must fail.
    if (answer === undefined || (answer === '' && !answers.interactive)) {
      throw new CommandError(`No answer for ${name}: nothing was stored.`);
    }
    if (answer === '') {
      const makesKeys = name === 'JWT_SIGNING_KEYS' && !listed;
      return makesKeys ? { value: await createSigningKeys(), isProven: false } : undefined;
    }
    try {
      const text = answer.startsWith('@') ? readFile(answer.slice(1)) : answer;
      const value = await FORMS[name].read(text);
      return { value, isProven: name === 'PAY_MCH_CERT_SERIAL' && isCertificateOf(text, keyOf()) };
    } catch (error) {
      if (!answers.interactive || !(error instanceof CommandError || isAppError(error, 'NOT_CONFIGURED'))) throw error;
      print(`  ${explainError(error)}`);
    }
  }
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new CommandError(`${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

function merchantKeyOf(given: Map<SecretName, string>, stored: Map<SecretName, string>) {
  return () => given.get('PAY_MCH_PRIVATE_KEY') ?? stored.get('PAY_MCH_PRIVATE_KEY');
}

/** Whether this is the certificate of the key; false for a serial number. @throws when it belongs to another key */
function isCertificateOf(text: string, privateKey: string | undefined): boolean {
  const certificate = merchantCertificate(text);
  if (!certificate || !privateKey) return false;
  if (certificate.checkPrivateKey(readMerchantKey(privateKey))) return true;
  throw badSetting('PAY_MCH_CERT_SERIAL', 'is of a certificate that does not belong to PAY_MCH_PRIVATE_KEY');
}

function assertPairsComplete(
  given: Map<SecretName, string>,
  stored: Map<SecretName, string>,
  proven: ReadonlySet<SecretName>,
): void {
  for (const [one, other] of HALVES) {
    const changes = given.has(one) && given.get(one) !== stored.get(one);
    if (changes && !given.has(other) && !proven.has(one)) {
      throw new CommandError(`${one} and ${other} change together: nothing was stored. Give both: put ${one} ${other}`);
    }
  }
}
