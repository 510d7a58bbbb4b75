import { SECRET_NAMES, type SecretName } from '../../../lib/core/config.ts';
import { describeShadowed, findShadowedNames } from '../secrets/shadowed.ts';
import type { Stored } from '../secrets/store.ts';

/** Settings in the operator's shell that the code of lib/ would mistake for settings of the functions. */
const SETTING_NAMES = /^(JWT|MINIAPP|OFFICIAL|ORDER|ORIGIN|PAY|SCAN_LOGIN|TRUSTED|VIRTUAL_PAY|WECHAT)_/;

/**
 * Gives this process the settings of the functions, so that the code of lib/ works on the same values. As in the
 * functions, a variable wins over the store.
 */
export function applySettings(variables: Record<string, string>, secrets: Map<SecretName, string>): void {
  const isSetting = (name: string) => SETTING_NAMES.test(name) || name in variables;
  for (const name of Object.keys(process.env).filter(isSetting)) delete process.env[name];
  Object.assign(process.env, Object.fromEntries(secrets), removeEmpty(variables));
  // The secrets were read above, with the credentials of the operator.
  delete process.env.SECRETS_PATH;
}

/** Returns warnings about stored names that no function reads. */
export function listStoreWarnings(variables: Record<string, string>, stored: Map<string, Stored>): string[] {
  const isKnown = (name: string) => (SECRET_NAMES as readonly string[]).includes(name);
  const unknown = [...stored.keys()].filter((name) => !isKnown(name));
  const shadowed = findShadowedNames(SECRET_NAMES, variables).filter((name) => stored.has(name));
  return [
    ...unknown.map((name) => `${name} is stored, but is not the name of a secret`),
    ...shadowed.map(describeShadowed),
  ];
}

function removeEmpty(variables: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
}
