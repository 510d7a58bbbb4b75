import { once } from '../core/once.ts';
import { secretsRevision } from './secrets.ts';

/** Works as `once`, and builds the value anew after a secret has changed. Keys rotate without a deployment. */
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
