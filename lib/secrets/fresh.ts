import { once } from '../core/once.ts';
import { secretsRevision } from './secrets.ts';

/** Works like `once`, but builds a new value after a secret has changed. Therefore key rotation needs no deployment. */
export function fresh<Value>(build: () => Promise<Value>): () => Promise<Value> {
  let revision: number | undefined;
  let built = once(build);
  return async () => {
    const current = await secretsRevision();
    if (current !== revision) built = once(build);
    revision = current;
    return built();
  };
}
