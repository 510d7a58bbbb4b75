import { missing, settings, variable, type SecretName } from '../core/config.ts';
import { runtime } from '../core/runtime.ts';
import { secretCache } from './cache.ts';
import { getParameters } from './parameter-store.ts';

/**
 * Returns the named secrets: each from its variable if set, otherwise from the parameter `<SECRETS_PATH>/<NAME>`.
 * Without SECRETS_PATH only variables are read.
 * @throws NOT_CONFIGURED with the name of the first missing secret
 */
export async function secrets<const Name extends SecretName>(...names: Name[]): Promise<Record<Name, string>> {
  const values = await read(names);
  const entries = names.map((name, at) => [name, values[at] ?? missing(name)] as const);
  return Object.fromEntries(entries) as Record<Name, string>;
}

/** Returns a secret, or undefined if it is missing. */
export async function optionalSecret(name: SecretName): Promise<string | undefined> {
  const [value] = await read([name]);
  return value;
}

/** Returns a counter that grows when a secret in use has changed in the store. */
export function secretsRevision(): Promise<number> {
  return cache.revision();
}

const cache = secretCache({
  ...runtime,
  readStore: (request) =>
    getParameters(runtime, { path: settings('SECRETS_PATH').SECRETS_PATH.replace(/\/+$/, ''), ...request }),
});

async function read(names: SecretName[]): Promise<(string | undefined)[]> {
  const stored = variable('SECRETS_PATH') ? names.filter((name) => variable(name) === undefined) : [];
  const values = await cache.read(stored);
  const fromStore = new Map(stored.map((name, at) => [name, values[at]]));
  return names.map((name) => variable(name) ?? fromStore.get(name));
}
