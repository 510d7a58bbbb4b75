import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { badSetting, type SecretName } from '../../../lib/core/config.ts';
import { isAppError } from '../../../lib/core/errors.ts';
import { explain, Refusal } from '../refusal.ts';
import type { Answers } from './answers.ts';
import { FORMS, merchantCertificate } from './forms.ts';
import { newSigningKeys } from './signing-keys.ts';
import type { SecretStore, Stored } from './store.ts';

export type Write = [name: SecretName, value: string];

/** What is old stays good for a while: WeChat still sends what it encrypted before the change. */
const BEFORE: Partial<Record<SecretName, SecretName>> = {
  OFFICIAL_AES_KEY: 'OFFICIAL_AES_KEY_PREVIOUS',
  PAY_API_V3_KEY: 'PAY_API_V3_KEY_PREVIOUS',
};

/** So long a change may take; what was saved longer ago is of one that is over, and only was not removed. */
const CHANGE_TAKES_MS = 7 * 86_400_000;

/** One means nothing without the other. */
const PAIRS: [SecretName, SecretName][] = [
  ['PAY_MCH_PRIVATE_KEY', 'PAY_MCH_CERT_SERIAL'],
  ['PAY_PUBLIC_KEY', 'PAY_PUBLIC_KEY_ID'],
];
/** Each with what it goes with. */
export const HALVES = PAIRS.flatMap(([one, other]): typeof PAIRS => [
  [one, other],
  [other, one],
]);

interface Asking {
  store: Pick<SecretStore, 'list' | 'read'>;
  answers: Answers;
  say(line: string): void;
}

/**
 * Asks for each of these secrets and checks it. A wrong answer is asked for again where somebody can answer again.
 * @returns what has to be written, in this order; nothing is written before every answer is in
 * @throws NOT_CONFIGURED for a wrong answer, Refusal for half a change
 */
export async function askForSecrets(names: SecretName[], { store, answers, say }: Asking): Promise<Write[]> {
  const listed = await store.list();
  const stored = await store.read([...new Set([...names, ...PAIRS.flat()])]);
  const given = new Map<SecretName, string>();
  const proven = new Set<SecretName>();
  for (const name of names) {
    const answer = await askFor(name, { listed: listed.get(name), answers, say, keyOf: merchantKeyOf(given, stored) });
    if (answer) given.set(name, answer.value);
    if (answer?.isProven) proven.add(name);
  }
  refuseHalves(given, stored, proven);
  const kept = underWay(listed, Date.now());
  const writes = planWrites(given, stored, kept);
  for (const [name] of writes) {
    const before = BEFORE[name];
    if (before && kept.has(before) && !given.has(before)) {
      say(`${before} stays, because WeChat may still use it; remove it when the change is over.`);
    }
  }
  return writes;
}

/**
 * What is written, in this order: a value that is replaced and still needed is saved before the new one is there. During a
 * change the one to keep is saved already (`kept`), and what is replaced is taken for a mistake that WeChat has never used.
 */
export function planWrites(
  given: Map<SecretName, string>,
  stored: Map<SecretName, string>,
  kept: ReadonlySet<string>,
): Write[] {
  return [...given].flatMap(([name, value]): Write[] => {
    const old = stored.get(name);
    if (old === value) return [];
    const before = BEFORE[name];
    return before && old !== undefined && !kept.has(before) && !given.has(before)
      ? [
          [before, old],
          [name, value],
        ]
      : [[name, value]];
  });
}

function underWay(listed: Map<string, Stored>, nowMs: number): Set<string> {
  const isFresh = ([, { changedAt }]: [string, Stored]) => nowMs - changedAt.getTime() < CHANGE_TAKES_MS;
  return new Set([...listed].filter(isFresh).map(([name]) => name));
}

interface Question extends Pick<Asking, 'answers' | 'say'> {
  listed: Stored | undefined;
  /** The merchant key that is there or about to be. */
  keyOf(): string | undefined;
}

interface Answer {
  value: string;
  /** A certificate that belongs to the key: it may come without it. */
  isProven: boolean;
}

/** @returns undefined where somebody wants to keep what is there */
async function askFor(name: SecretName, { listed, answers, say, keyOf }: Question): Promise<Answer | undefined> {
  const since = listed ? `set ${listed.changedAt.toISOString().slice(0, 10)}` : 'not set';
  for (;;) {
    const answer = await answers.next(`  ${name} [${since}] ${FORMS[name].hint}: `);
    // A script whose input is missing must not look as if it had done something.
    if (answer === undefined || (answer === '' && !answers.interactive)) {
      throw new Refusal(`No answer for ${name}: nothing was stored.`);
    }
    if (answer === '') {
      const makesKeys = name === 'JWT_SIGNING_KEYS' && !listed;
      return makesKeys ? { value: await newSigningKeys(), isProven: false } : undefined;
    }
    try {
      const text = answer.startsWith('@') ? readFile(answer.slice(1)) : answer;
      const value = await FORMS[name].read(text);
      return { value, isProven: name === 'PAY_MCH_CERT_SERIAL' && belongs(text, keyOf()) };
    } catch (error) {
      if (!answers.interactive || !(error instanceof Refusal || isAppError(error, 'NOT_CONFIGURED'))) throw error;
      say(`  ${explain(error)}`);
    }
  }
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new Refusal(`${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

function merchantKeyOf(given: Map<SecretName, string>, stored: Map<SecretName, string>) {
  return () => given.get('PAY_MCH_PRIVATE_KEY') ?? stored.get('PAY_MCH_PRIVATE_KEY');
}

/** Whether this is the certificate of the key. A number that was typed says nothing. @throws when it is of another key */
function belongs(text: string, privateKey: string | undefined): boolean {
  const certificate = merchantCertificate(text);
  if (!certificate || !privateKey) return false;
  if (certificate.checkPrivateKey(createPrivateKey(privateKey))) return true;
  throw badSetting('PAY_MCH_CERT_SERIAL', 'is of a certificate that does not belong to PAY_MCH_PRIVATE_KEY');
}

function refuseHalves(
  given: Map<SecretName, string>,
  stored: Map<SecretName, string>,
  proven: ReadonlySet<SecretName>,
): void {
  for (const [one, other] of HALVES) {
    const changes = given.has(one) && given.get(one) !== stored.get(one);
    if (changes && !given.has(other) && !proven.has(one)) {
      throw new Refusal(`${one} and ${other} change together: nothing was stored. Give both: put ${one} ${other}`);
    }
  }
}
