import { readText, type SecretName } from '../../../lib/core/config.ts';

/** Returns the names that are also variables of the functions, which therefore do not read the stored values. */
export function findShadowedNames<Name extends SecretName>(
  names: readonly Name[],
  variables: NodeJS.ProcessEnv,
): Name[] {
  return names.filter((name) => readText(variables[name]) !== undefined);
}

/** Describes a shadowed secret. The service declares no secret as a variable: an operator added it in one of these files. */
export function describeShadowed(name: SecretName): string {
  return `${name} is also a variable of the functions, which wins over the stored value: take it out of infra/environment.yml or serverless.yml and deploy; locally, start without it`;
}
