import { once } from '../core/once.ts';
import { secretsRevision } from './secrets.ts';

/** As `once`, and built anew when a secret has changed since: so keys are rotated without a deployment. */
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

/** What both build, at the same time: so the secrets of both are asked for in one call. */
export async function together<A extends object, B extends object>(
  first: () => Promise<A>,
  second: () => Promise<B>,
): Promise<A & B> {
  const [a, b] = await Promise.all([first(), second()]);
  return { ...a, ...b };
}
