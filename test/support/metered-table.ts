import type { Table } from '../../lib/store/table.ts';

/** A table that counts the writes, and rejects them once `broken` is set. */
export const meteredTable = (real: Table) => {
  const meter = { writes: 0, broken: false };
  const send = (command: unknown) => {
    meter.writes += 1;
    return meter.broken ? Promise.reject(new Error('no table')) : real.client.send(command as never);
  };
  return { meter, table: { ...real, client: { send } } as never };
};
