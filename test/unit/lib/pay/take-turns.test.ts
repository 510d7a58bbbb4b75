import { describe, expect, it } from 'vitest';
import { takeTurns } from '../../../../lib/pay/take-turns.ts';

const ownerOf = (entry: string) => entry[0]!;
const entries = (owner: string, count: number) => Array.from({ length: count }, (_, index) => `${owner}${index}`);

/** Lists the entries that were not processed yet, in pages of `size`. */
function scheduleOf(all: string[], size: number) {
  const left = new Set(all);
  const passes = { count: 0 };
  async function* readPages() {
    passes.count += 1;
    const due = [...left];
    for (let at = 0; at < due.length; at += size) yield due.slice(at, at + size);
  }
  return { left, passes, readPages };
}

async function processed(all: string[], size: number) {
  const { left, passes, readPages } = scheduleOf(all, size);
  const order: string[] = [];
  for await (const entry of takeTurns(readPages, ownerOf)) {
    order.push(entry);
    left.delete(entry);
  }
  return { order, passes: passes.count };
}

describe('takeTurns', () => {
  it('yields one entry of each owner in turn, and the entries of an owner in their order', async () => {
    const { order } = await processed(['a0', 'a1', 'a2', 'b0', 'c0', 'c1'], 10);
    expect(order).toEqual(['a0', 'b0', 'c0', 'a1', 'c1', 'a2']);
  });

  it('yields one entry of an owner per page until the entries of other owners are read', async () => {
    const { order } = await processed([...entries('a', 40), 'b0'], 10);
    expect(order.indexOf('b0')).toBe(5);
  });

  it('reads the pages again for an owner with more than a hundred entries, and yields each entry once', async () => {
    const all = [...entries('a', 950), ...entries('b', 3)];
    const { order, passes } = await processed(all, 250);
    expect(order.toSorted()).toEqual(all.toSorted());
    expect(passes).toBe(10);
  });

  it('yields nothing without entries', async () => {
    expect(await processed([], 10)).toEqual({ order: [], passes: 1 });
  });
});
