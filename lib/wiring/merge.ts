/** The keys that A and B share with different types. */
type Conflict<A, B> = {
  [Key in keyof A & keyof B]: [A[Key], B[Key]] extends [B[Key], A[Key]] ? never : Key;
}[keyof A & keyof B];

type Compatible<A, B> = [Conflict<A, B>] extends [never] ? unknown : never;

/**
 * Merges the results of two loaders. A key that both results contain must have the same value in both, so that no value
 * is overwritten.
 * @throws Error with the name of a key whose values differ
 */
export function merge<A extends object, B extends object>(a: A, b: B & Compatible<A, B>): A & B {
  for (const key of Object.keys(b)) {
    if (Object.hasOwn(a, key) && a[key as never] !== b[key as never]) {
      throw new Error(`Two loaders return different values for "${key}"`);
    }
  }
  return { ...a, ...b };
}

/**
 * Awaits two loaders concurrently, so that the secrets of both are read in one call, and merges the results.
 * @throws Error with the name of a key whose values differ
 */
export async function loadBoth<A extends object, B extends object>(
  first: Promise<A>,
  second: Promise<B & Compatible<A, B>>,
): Promise<A & B> {
  const [a, b] = await Promise.all([first, second as Promise<B>]);
  return merge<A, B>(a, b as B & Compatible<A, B>);
}
