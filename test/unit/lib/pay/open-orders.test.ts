import { describe, expect, it } from 'vitest';
import { openOrderLimit } from '../../../../lib/pay/open-orders.ts';
import type { Account } from '../../../../lib/store/accounts.ts';
import type { Order } from '../../../../lib/store/orders.ts';
import type { Table } from '../../../../lib/store/table.ts';

const HOUR_MS = 3_600_000;
const numberOf = (account: number, age: string) => String(account).padStart(16, '0') + age.padEnd(16, '0');

/** Returns a limit over a table whose queries return `open` orders, and the names of the commands so far. */
function limited(open: number, { truncated = false } = {}) {
  const clock = { nowMs: 1_800_000_000_000 };
  const commands: string[] = [];
  const timeExpire = new Date(clock.nowMs + HOUR_MS).toISOString();
  const client = {
    send: async (command: object) => {
      commands.push(command.constructor.name);
      const Items = Array.from({ length: open }, (_, n) => ({ outTradeNo: numberOf(0, `a${n}`), timeExpire }));
      return { Items, ...(truncated && { LastEvaluatedKey: {} }) };
    },
  };
  const limit = openOrderLimit({ table: { name: 't', client } as unknown as Table, now: () => clock.nowMs });
  const order = async (account: number, { age = 'b', isNew = true } = {}) => {
    const placed = { order: { outTradeNo: numberOf(account, age) } as Order, isNew };
    const place = async () => (commands.push('place'), placed);
    return limit({ id: String(account).padStart(16, '0') } as Account, { place, isRepeat: async () => !isNew });
  };
  return { clock, order, commands };
}

const RATE_LIMITED = { code: 'RATE_LIMITED', retryAfterSeconds: HOUR_MS / 1_000 + 1 };

describe('openOrderLimit', () => {
  it('reads the open orders once for the first order of an account, after the order was stored', async () => {
    const { order, commands } = limited(0);
    expect((await order(1)).isNew).toBe(true);
    expect(commands).toEqual(['place', 'QueryCommand']);
  });

  it('closes a new order with 20 older open orders, and stores no further order', async () => {
    const { order, commands } = limited(20);
    await expect(order(1)).rejects.toMatchObject(RATE_LIMITED);
    expect(commands).toEqual(['place', 'QueryCommand', 'UpdateCommand']);
    await expect(order(1)).rejects.toMatchObject(RATE_LIMITED);
    expect(commands.slice(3)).toEqual(['QueryCommand']);
  });

  it('keeps a new order that is among the 20 oldest', async () => {
    const { order } = limited(40);
    expect((await order(1, { age: '9' })).isNew).toBe(true);
  });

  it('returns the order of a repeated request although the account is full', async () => {
    const { order, commands } = limited(20);
    for (let sent = 0; sent < 2; sent += 1) expect((await order(1, { isNew: false })).isNew).toBe(false);
    expect(commands).not.toContain('UpdateCommand');
  });

  it('rejects an account with more orders than it reads', async () => {
    const { order } = limited(0, { truncated: true });
    await expect(order(1)).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: 600 });
  });

  it('stores first again for an account that placed no order for two hours', async () => {
    const { clock, order, commands } = limited(0);
    await order(1);
    clock.nowMs += 2 * HOUR_MS;
    await order(1);
    expect(commands.slice(2)).toEqual(['place', 'QueryCommand']);
  });

  it('remembers 10,000 accounts, and evicts the account that ordered first', async () => {
    const { order, commands } = limited(0);
    for (let number = 0; number < 10_001; number += 1) await order(number);
    const before = commands.length;
    await order(1);
    expect(commands.slice(before)).toEqual(['QueryCommand', 'place', 'QueryCommand']);
    await order(0);
    expect(commands.slice(before + 3)).toEqual(['place', 'QueryCommand']);
  });
});
