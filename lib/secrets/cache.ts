import { readText, type SecretName } from '../core/config.ts';
import type { Runtime } from '../core/runtime.ts';

/** How long a value is believed: so long may a container work with a secret that was changed. */
export const MAX_AGE_MS = 60_000;
/** When the store does not answer, it is left alone for so long, and what is known stays good. */
const AGAIN_MS = 10_000;

interface Deps extends Pick<Runtime, 'now' | 'log'> {
  /** One that is not there is left out. Who is not `patient` has old values to fall back on. */
  ask(request: { names: SecretName[]; patient: boolean }): Promise<ReadonlyMap<string, string>>;
}

export interface SecretCache {
  /** The values of these names, not older than MAX_AGE_MS while the store answers; undefined where there is none. */
  read(names: SecretName[]): Promise<(string | undefined)[]>;
  /** Another number as soon as one of the names read so far has another value. */
  revision(): Promise<number>;
}

/** What one container knows of the store: the names that it needed so far, all of them read again in one go. */
export function secretCache({ now, log, ask }: Deps): SecretCache {
  const known = new Map<SecretName, string | undefined>();
  const wanted = new Set<SecretName>();
  let dueAtMs = 0;
  let revision = 0;
  let refreshing: Promise<unknown> | undefined;

  const isUnknown = (name: SecretName) => !known.has(name);

  /** @returns why the store did not answer, if it did not */
  async function refresh(): Promise<unknown> {
    // Whoever else asks at this moment is asked for in the same call.
    await undefined;
    const names = [...wanted];
    try {
      const values = await ask({ names, patient: names.some(isUnknown) });
      for (const name of names) learn(name, readText(values.get(name)));
      dueAtMs = now() + MAX_AGE_MS;
      return undefined;
    } catch (error) {
      dueAtMs = now() + AGAIN_MS;
      log.warn('secrets.not-read', { error });
      return error;
    }
  }

  function learn(name: SecretName, value: string | undefined): void {
    if (known.has(name) && known.get(name) !== value) revision += 1;
    known.set(name, value);
  }

  async function readInTime(names: SecretName[]): Promise<void> {
    for (const name of names) wanted.add(name);
    while (wanted.size > 0 && (now() >= dueAtMs || names.some(isUnknown))) {
      refreshing ??= refresh().finally(() => {
        refreshing = undefined;
      });
      const failure = await refreshing;
      if (failure && names.some(isUnknown)) {
        // Whoever needs them asks again. Nobody else is to wait for what could not be had.
        for (const name of names.filter(isUnknown)) wanted.delete(name);
        throw failure;
      }
    }
  }

  return {
    read: async (names) => {
      await readInTime(names);
      return names.map((name) => known.get(name));
    },
    revision: async () => {
      await readInTime([]);
      return revision;
    },
  };
}
