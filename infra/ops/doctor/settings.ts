import { SECRET_NAMES, type SecretName } from '../../../lib/core/config.ts';
import { describeShadowed, shadowedNames } from '../secrets/shadowed.ts';
import type { Stored } from '../secrets/store.ts';

/** Settings of the operator's own shell that would pass for those of the functions. */
const OURS = /^(JWT|MINIAPP|OFFICIAL|PAY|SCAN_LOGIN|WECHAT)_/;

/**
 * Makes this process see the settings that the functions see, so that the code of lib/ reads, parses and matches them as
 * it does there. A variable wins over the store, as it does for the functions.
 */
export function assumeSettings(variables: Record<string, string>, secrets: Map<SecretName, string>): void {
  const isSetting = (name: string) => OURS.test(name) || name in variables;
  for (const name of Object.keys(process.env).filter(isSetting)) delete process.env[name];
  Object.assign(process.env, Object.fromEntries(secrets), withoutEmpty(variables));
  // The secrets are here already, fetched with the credentials of the operator.
  delete process.env.SECRETS_PATH;
}

/** What is odd about the store, beyond what is missing. */
export function oddities(variables: Record<string, string>, stored: Map<string, Stored>): string[] {
  const isKnown = (name: string) => (SECRET_NAMES as readonly string[]).includes(name);
  const unknown = [...stored.keys()].filter((name) => !isKnown(name));
  const shadowed = shadowedNames(SECRET_NAMES, variables).filter((name) => stored.has(name));
  return [
    ...unknown.map((name) => `${name} is stored, and nothing knows that name`),
    ...shadowed.map(describeShadowed),
  ];
}

function withoutEmpty(variables: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
}
