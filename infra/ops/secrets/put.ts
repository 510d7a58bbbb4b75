import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { badSetting, type SecretName } from '../../../lib/config.ts';
import { isAppError } from '../../../lib/errors.ts';
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

/** One means nothing without the other. */
const PAIRS: [key: SecretName, goesWith: SecretName][] = [
  ['PAY_MCH_PRIVATE_KEY', 'PAY_MCH_CERT_SERIAL'],
  ['PAY_PUBLIC_KEY', 'PAY_PUBLIC_KEY_ID'],
];

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
  for (const name of names) {
    const value = await askFor(name, { listed: listed.get(name), answers, say, keyOf: merchantKeyOf(given, stored) });
    if (value !== undefined) given.set(name, value);
  }
  refuseHalves(given, stored);
  return planWrites(given, stored);
}

/** What is written, in this order: a value that is replaced and still needed is saved before the new one is there. */
export function planWrites(given: Map<SecretName, string>, stored: Map<SecretName, string>): Write[] {
  return [...given].flatMap(([name, value]): Write[] => {
    const old = stored.get(name);
    if (old === value) return [];
    const before = BEFORE[name];
    return before && old !== undefined
      ? [
          [before, old],
          [name, value],
        ]
      : [[name, value]];
  });
}

interface Question extends Pick<Asking, 'answers' | 'say'> {
  listed: Stored | undefined;
  /** The merchant key that is there or about to be. */
  keyOf(): string | undefined;
}

async function askFor(name: SecretName, { listed, answers, say, keyOf }: Question): Promise<string | undefined> {
  const since = listed ? `set ${listed.changedAt.toISOString().slice(0, 10)}` : 'not set';
  for (;;) {
    const answer = await answers.next(`  ${name} [${since}] ${FORMS[name].hint}: `);
    if (answer === undefined) throw new Refusal(`No answer for ${name}: nothing was stored.`);
    if (answer === '') return name === 'JWT_SIGNING_KEYS' && !listed ? newSigningKeys() : undefined;
    try {
      const text = answer.startsWith('@') ? readFile(answer.slice(1)) : answer;
      const value = await FORMS[name].read(text);
      if (name === 'PAY_MCH_CERT_SERIAL') assertBelongs(text, keyOf());
      return value;
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

/** A certificate says whose key it is about; a number that was typed says nothing. */
function assertBelongs(text: string, privateKey: string | undefined): void {
  const certificate = merchantCertificate(text);
  if (!certificate || !privateKey || certificate.checkPrivateKey(createPrivateKey(privateKey))) return;
  throw badSetting('PAY_MCH_CERT_SERIAL', 'is of a certificate that does not belong to PAY_MCH_PRIVATE_KEY');
}

function refuseHalves(given: Map<SecretName, string>, stored: Map<SecretName, string>): void {
  for (const [key, goesWith] of PAIRS) {
    const changes = given.has(key) && given.get(key) !== stored.get(key);
    if (changes && !given.has(goesWith)) {
      throw new Refusal(
        `${key} and ${goesWith} change together: nothing was stored. Give both: put ${key} ${goesWith}`,
      );
    }
  }
}
