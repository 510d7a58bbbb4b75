import { MAX_AGE_MS } from '../../../lib/secrets/cache.ts';
import { CommandError } from '../command.ts';
import { announceKey, promoteKey } from './signing-keys.ts';
import type { SecretStore } from './store.ts';

/** After this time the last container has read the new key. */
const PUBLISHED_AFTER_MS = MAX_AGE_MS + 10_000;
/** The size limit of a parameter. It holds more than one key for each day of a session. */
const MAX_BYTES = 4_096;

interface RotateOptions {
  store: Pick<SecretStore, 'list' | 'read' | 'put'>;
  now(): number;
  wait(ms: number): Promise<unknown>;
  print(line: string): void;
}

/**
 * Replaces the key of our own tokens in two steps: otherwise a container with the old set would reject new tokens. After
 * an interruption the old key keeps signing, and the next rotation starts again.
 */
export async function rotateStoredKeys({ store, now, wait, print }: RotateOptions): Promise<void> {
  const name = 'JWT_SIGNING_KEYS';
  const [listed, values] = await Promise.all([store.list(), store.read([name])]);
  const [stored, keys] = [listed.get(name), values.get(name)];
  if (!stored || keys === undefined) throw new CommandError(`${name} is not stored: put it first.`);
  const announced = await announceKey(keys, { nowMs: now(), changedAtMs: stored.changedAt.getTime() });
  if (Buffer.byteLength(promoteKey(announced, now())) > MAX_BYTES) {
    throw new CommandError(
      `${name} is full, because sessions still depend on its old keys. Rotate again later, in 8 days at most.`,
    );
  }
  await store.put(name, announced);
  print(
    `The new key is published. It signs in ${PUBLISHED_AFTER_MS / 1_000} seconds, when every function has read it …`,
  );
  await wait(PUBLISHED_AFTER_MS);
  await store.put(name, promoteKey(announced, now()));
  print('The new key signs now. Tokens of the previous key stay valid.');
}
