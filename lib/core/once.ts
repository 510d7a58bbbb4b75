/**
 * Returns a function that builds a value at its first call and keeps it. Concurrent callers share one build. A failed
 * build is not kept.
 */
export function once<Value>(build: () => Promise<Value>): () => Promise<Value> {
  let built: Promise<Value> | undefined;
  return () => {
    built ??= build().catch((error: unknown) => {
      built = undefined;
      throw error;
    });
    return built;
  };
}
