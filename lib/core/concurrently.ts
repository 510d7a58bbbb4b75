/** Runs `work` for each item, `atOnce` items at a time. @throws the first error, before the next items begin */
export async function concurrently<Item>(
  items: Item[],
  atOnce: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  for (let done = 0; done < items.length; done += atOnce) {
    await Promise.all(items.slice(done, done + atOnce).map(work));
  }
}
