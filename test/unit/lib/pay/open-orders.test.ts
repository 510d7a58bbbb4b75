import { describe, expect, it } from 'vitest';
import { openOrderLimit } from '../../../../lib/pay/open-orders.ts';
import type { Account } from '../../../../lib/store/accounts.ts';
import type { Table } from '../../../../lib/store/table.ts';

const HOUR_MS = 3_600_000;

/** Returns a limit over a table whose queries return 20 open orders, and the number of those queries. */
function fullAccounts() {
  const clock = { nowMs: 1_800_000_000_000 };
  let queries = 0;
  const timeExpire = new Date(clock.nowMs + HOUR_MS).toISOString();
  const client = {
    send: async () => {
      queries += 1;
      return { Items: Array.from({ length: 20 }, () => ({ timeExpire })) };
    },
  };
  const limit = openOrderLimit({ table: { name: 't', client } as unknown as Table, now: () => clock.nowMs });
  const order = (number: number) =>
    limit({ id: String(number).padStart(16, '0') } as Account, {
      place: async () => 'placed',
      isRepeat: async () => false,
    });
  return { clock, order, queries: () => queries };
}

describe('openOrderLimit', () => {
  it('reads nothing for the first order of an account in an instance', async () => {
    const { order, queries } = fullAccounts();
    expect(await order(1)).toBe('placed');
    expect(queries()).toBe(0);
    await expect(order(1)).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: HOUR_MS / 1_000 + 1 });
    expect(queries()).toBe(1);
  });

  it('reads nothing again for an account that placed no order for two hours', async () => {
    const { clock, order, queries } = fullAccounts();
    await order(1);
    clock.nowMs += 2 * HOUR_MS;
    expect(await order(1)).toBe('placed');
    expect(queries()).toBe(0);
  });

  it('places the next order of an account although the one before it failed', async () => {
    const limit = openOrderLimit({
      table: { name: 't', client: { send: async () => ({ Items: [] }) } } as unknown as Table,
      now: () => 0,
    });
    const account = { id: '0'.repeat(16) } as Account;
    const failing = limit(account, { place: () => Promise.reject(new Error('down')), isRepeat: async () => false });
    const next = limit(account, { place: async () => 'placed', isRepeat: async () => false });
    await expect(failing).rejects.toThrow('down');
    expect(await next).toBe('placed');
  });

  it('remembers 10,000 accounts, and evicts the account that ordered first', async () => {
    const { order } = fullAccounts();
    for (let number = 0; number < 10_001; number += 1) await order(number);
    await expect(order(1)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(await order(0)).toBe('placed');
  });
});
