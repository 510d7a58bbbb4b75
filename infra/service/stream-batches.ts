/** Splits the items into batches of at most `size`, as an event source mapping does. */
export function splitIntoBatches<Item>(items: Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size));
}
