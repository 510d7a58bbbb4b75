import { MAX_AGE_MS } from '../../../lib/secrets/cache.ts';
import { Refusal } from '../refusal.ts';
import { announceKey, promoteKey } from './signing-keys.ts';
import type { SecretStore } from './store.ts';

/** When the last container has looked again. */
const KNOWN_AFTER_MS = MAX_AGE_MS + 10_000;
/** What a parameter holds: more than a key for each day that a session lives. */
const MAX_BYTES = 4_096;

interface Rotating {
  store: Pick<SecretStore, 'list' | 'read' | 'put'>;
  now(): number;
  wait(ms: number): Promise<unknown>;
  say(line: string): void;
}

/**
 * Gives our own tokens a new key. It takes two steps, or those who have not looked yet would refuse what the others sign;
 * ended between the two, the old key signs on, and the next rotation begins anew.
 */
export async function rotateStoredKeys({ store, now, wait, say }: Rotating): Promise<void> {
  const name = 'JWT_SIGNING_KEYS';
  const [listed, values] = await Promise.all([store.list(), store.read([name])]);
  const [stored, keys] = [listed.get(name), values.get(name)];
  if (!stored || keys === undefined) throw new Refusal(`${name} is not there: put it first.`);
  const known = await announceKey(keys, { nowMs: now(), changedAtMs: stored.changedAt.getTime() });
  if (Buffer.byteLength(promoteKey(known, now())) > MAX_BYTES) {
    throw new Refusal(
      `${name} has no room for another key while sessions hang on those of before: 8 days from now at the latest.`,
    );
  }
  await store.put(name, known);
  say(`The new key is known. It signs in ${KNOWN_AFTER_MS / 1_000} seconds, when every function has seen it …`);
  await wait(KNOWN_AFTER_MS);
  await store.put(name, promoteKey(known, now()));
  say('It signs now. What the key before has signed stays good.');
}
