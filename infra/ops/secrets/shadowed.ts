import { readText, type SecretName } from '../../../lib/core/config.ts';

/** Of these names, those that are variables of the functions: what is stored under them nobody reads. */
export function shadowedNames<Name extends SecretName>(names: readonly Name[], variables: NodeJS.ProcessEnv): Name[] {
  return names.filter((name) => readText(variables[name]) !== undefined);
}

/** What is said of one of them. No secret is a variable as the service comes: somebody has added it, in one of these. */
export function describeShadowed(name: SecretName): string {
  return `${name} is also a variable of the functions, which wins over what is stored: take it out of infra/environment.yml or serverless.yml and deploy; locally, start without it`;
}
