import { once } from '../core/once.ts';
import { secretsRevision } from './secrets.ts';

/** As `once`, but builds anew after a secret has changed, so that keys are rotated without a deployment. */
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
