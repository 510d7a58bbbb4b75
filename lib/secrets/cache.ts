import { readText, type SecretName } from '../core/config.ts';
import type { Runtime } from '../core/runtime.ts';

/** Maximum age of a cached value. An instance may use an old secret for this long after a change. */
export const MAX_AGE_MS = 60_000;
/** Pause after a failed read. Cached values stay in use meanwhile. */
const RETRY_AFTER_MS = 10_000;

interface Deps extends Pick<Runtime, 'now' | 'log'> {
  /** Reads the store; missing names are left out. `retry` is true when a name has no cached value. */
  readStore(request: { names: SecretName[]; retry: boolean }): Promise<ReadonlyMap<string, string>>;
}

export interface SecretCache {
  /**
   * Returns the values of these names; undefined for a missing name. Values are at most MAX_AGE_MS old while the store
   * responds.
   */
  read(names: SecretName[]): Promise<(string | undefined)[]>;
  /** Returns a counter that grows when the value of a name in use has changed. */
  revision(): Promise<number>;
}

/** Caches the secrets that one instance uses. Each refresh reads all of these secrets. */
export function secretCache({ now, log, readStore }: Deps): SecretCache {
  const values = new Map<SecretName, string | undefined>();
  const namesInUse = new Set<SecretName>();
  let refreshAtMs = 0;
  let revision = 0;
  let refreshing: Promise<unknown> | undefined;

  const isUnread = (name: SecretName) => !values.has(name);

  /** Reads all names in use. @returns the error of the store, if the read failed */
  async function refresh(): Promise<unknown> {
    // The pause lets concurrent callers add their names to the same read.
    await undefined;
    const names = [...namesInUse];
    try {
      const stored = await readStore({ names, retry: names.some(isUnread) });
      for (const name of names) setValue(name, readText(stored.get(name)));
      refreshAtMs = now() + MAX_AGE_MS;
      return undefined;
    } catch (error) {
      refreshAtMs = now() + RETRY_AFTER_MS;
      log.warn('secrets.read-failed', { error });
      return error;
    }
  }

  function setValue(name: SecretName, value: string | undefined): void {
    if (values.has(name) && values.get(name) !== value) revision += 1;
    values.set(name, value);
  }

  async function readInTime(names: SecretName[]): Promise<void> {
    for (const name of names) namesInUse.add(name);
    while (namesInUse.size > 0 && (now() >= refreshAtMs || names.some(isUnread))) {
      refreshing ??= refresh().finally(() => {
        refreshing = undefined;
      });
      const failure = await refreshing;
      if (failure && names.some(isUnread)) {
        // The next caller of these names retries the read. Callers of other names do not wait for that read.
        for (const name of names.filter(isUnread)) namesInUse.delete(name);
        throw failure;
      }
    }
  }

  return {
    read: async (names) => {
      await readInTime(names);
      return names.map((name) => values.get(name));
    },
    revision: async () => {
      await readInTime([]);
      return revision;
    },
  };
}
