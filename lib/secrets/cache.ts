import { readText, type SecretName } from '../core/config.ts';
import type { Runtime } from '../core/runtime.ts';

/** Maximum age of a value: a container may use a changed secret for as long. */
export const MAX_AGE_MS = 60_000;
/** Pause after a failed read. Cached values stay valid meanwhile. */
const RETRY_AFTER_MS = 10_000;

interface Deps extends Pick<Runtime, 'now' | 'log'> {
  /** Reads the store; missing names are left out. Without `retry` the cache has old values to fall back on. */
  readStore(request: { names: SecretName[]; retry: boolean }): Promise<ReadonlyMap<string, string>>;
}

export interface SecretCache {
  /** Returns the values of these names, at most MAX_AGE_MS old while the store answers; undefined for a missing name. */
  read(names: SecretName[]): Promise<(string | undefined)[]>;
  /** Returns a number that grows when a name that was read has changed. */
  revision(): Promise<number>;
}

/** Caches the secrets that one container has used, and reads all of them again in one call. */
export function secretCache({ now, log, readStore }: Deps): SecretCache {
  const known = new Map<SecretName, string | undefined>();
  const wanted = new Set<SecretName>();
  let refreshAtMs = 0;
  let revision = 0;
  let refreshing: Promise<unknown> | undefined;

  const isUnknown = (name: SecretName) => !known.has(name);

  /** @returns the error of the store, if there was one */
  async function refresh(): Promise<unknown> {
    // Names requested at this moment are read in the same call.
    await undefined;
    const names = [...wanted];
    try {
      const values = await readStore({ names, retry: names.some(isUnknown) });
      for (const name of names) store(name, readText(values.get(name)));
      refreshAtMs = now() + MAX_AGE_MS;
      return undefined;
    } catch (error) {
      refreshAtMs = now() + RETRY_AFTER_MS;
      log.warn('secrets.read-failed', { error });
      return error;
    }
  }

  function store(name: SecretName, value: string | undefined): void {
    if (known.has(name) && known.get(name) !== value) revision += 1;
    known.set(name, value);
  }

  async function readInTime(names: SecretName[]): Promise<void> {
    for (const name of names) wanted.add(name);
    while (wanted.size > 0 && (now() >= refreshAtMs || names.some(isUnknown))) {
      refreshing ??= refresh().finally(() => {
        refreshing = undefined;
      });
      const failure = await refreshing;
      if (failure && names.some(isUnknown)) {
        // The next caller that needs these names retries. Other callers do not wait for them.
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
