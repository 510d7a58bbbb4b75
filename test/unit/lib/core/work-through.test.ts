import { describe, expect, it } from 'vitest';
import { entriesOf, workThrough, type Outcome } from '../../../../lib/core/work-through.ts';

async function* pagesOf<Entry>(...pages: Entry[][]): AsyncGenerator<Entry[]> {
  yield* pages;
}

/** Works through outcomes as entries. @returns the result, and the entries that were visited */
async function run(outcomes: Outcome[], { workers = 1, maxFailures = 2, isOver = (): boolean => false } = {}) {
  const visits: Outcome[] = [];
  const visit = async (outcome: Outcome) => {
    visits.push(outcome);
    return outcome;
  };
  const result = await workThrough(entriesOf(pagesOf(outcomes)), { workers, maxFailures, isOver, visit });
  return { ...result, visits };
}

describe('workThrough', () => {
  it('visits each entry of every page once', async () => {
    const visits: number[] = [];
    const result = await workThrough(entriesOf(pagesOf([1, 2], [], [3])), {
      workers: 2,
      maxFailures: 1,
      isOver: () => false,
      visit: async (entry) => {
        visits.push(entry);
        return 'done';
      },
    });
    expect(visits.toSorted()).toEqual([1, 2, 3]);
    expect(result).toEqual({ visited: 3, failed: 0, more: false });
  });

  it('counts no skipped entry, and each failure', async () => {
    const result = await run(['done', 'skipped', 'declined', 'failed']);
    expect(result).toMatchObject({ visited: 3, failed: 2, more: false });
  });

  it.each<Outcome>(['done', 'skipped', 'declined'])(
    'counts failures in a row, which the outcome %s ends',
    async (end) => {
      const result = await run(['failed', end, 'failed', 'failed', 'done']);
      expect(result).toMatchObject({ more: true, visits: ['failed', end, 'failed', 'failed'] });
    },
  );

  it('ends at once when an entry stops the work', async () => {
    const result = await run(['stop', 'done']);
    expect(result).toMatchObject({ visited: 1, failed: 1, more: true, visits: ['stop'] });
  });

  it('begins no entry when the time is used up', async () => {
    const result = await run(['done', 'done'], { isOver: () => true });
    expect(result).toEqual({ visited: 0, failed: 0, more: true, visits: [] });
  });

  it('leaves nothing when the failures are the last entries', async () => {
    expect(await run(['failed', 'failed'])).toMatchObject({ failed: 2, more: false });
  });
});
