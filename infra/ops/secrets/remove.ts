import type { SecretName } from '../../../lib/core/config.ts';
import { CommandError } from '../command.ts';
import { listRequiredSecrets } from './needed.ts';
import { HALVES } from './put.ts';

interface Removing {
  /** The names that are in the store. */
  stored: ReadonlySet<string>;
  /** The variables of the deployed functions; undefined when nothing is deployed. */
  variables: NodeJS.ProcessEnv | undefined;
}

/** @throws CommandError unless every name is stored, no part needs it, and no pair is split */
export function assertRemovable(names: SecretName[], { stored, variables }: Removing): void {
  const missing = names.find((name) => !stored.has(name));
  if (missing) throw new CommandError(`${missing} is not stored: nothing was removed.`);
  const half = HALVES.find(([one, other]) => names.includes(one) && stored.has(other) && !names.includes(other));
  if (half)
    throw new CommandError(
      `${half.join(' and ')} go together: nothing was removed. Give both: remove ${half.join(' ')}`,
    );
  const required = variables ? listRequiredSecrets(variables) : [];
  const inUse = names.find((name) => required.includes(name));
  if (inUse) throw new CommandError(`${inUse} is in use: nothing was removed. Replace its value with: put ${inUse}`);
}
