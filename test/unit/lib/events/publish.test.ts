import { describe, expect, it } from 'vitest';
import type { BusEntry } from '../../../../lib/events/bus.ts';
import { publishEvents } from '../../../../lib/events/publish.ts';
import { redact } from '../../../../lib/core/log.ts';
import { keys } from '../../../../lib/store/keys.ts';
import { recordOf, WRITTEN_AT } from '../../../support/stream-records.ts';

/** Returns a record of a mismatched payment, whose event size depends on `outTradeNo`. */
const mismatch = (transactionId: string, outTradeNo = 'no') =>
  recordOf(keys.payMismatch('o', transactionId), undefined, {
    transactionId,
    outTradeNo,
    reasons: ['amountFen'],
    seenAt: WRITTEN_AT,
  });
const mismatches = (count: number, bytes = 0) =>
  Array.from({ length: count }, (_, n) => mismatch(`t${n}`, 'x'.repeat(bytes) || 'no'));
const unreadable = () => recordOf(keys.payMismatch('o', 'bad'), undefined, { reasons: 'none' });
const silent = () => recordOf(keys.session('s'), undefined, { accountId: 'a' });
const numberOf = (record: ReturnType<typeof silent>) => record.dynamodb?.SequenceNumber;

/** Publishes records to a bus with the given answers, and returns the entries that the bus received. */
async function publish(
  records: ReturnType<typeof silent>[],
  answer: (entry: BusEntry) => string | undefined = () => undefined,
) {
  const calls: BusEntry[][] = [];
  const lines: string[] = [];
  const record = (event: string, fields?: object) => void lines.push(redact({ evt: event, ...fields }));
  const put = async (entries: BusEntry[]) => {
    calls.push(entries);
    return entries.map(answer);
  };
  const log = { info: record, warn: record, error: record };
  const { batchItemFailures } = await publishEvents({ put, log }, records);
  return {
    failed: batchItemFailures.map(({ itemIdentifier }) => itemIdentifier),
    calls,
    lines,
    ids: calls.flat().map(({ detail }) => (JSON.parse(detail) as { id: string }).id.split(':')[1]),
  };
}

describe('publishEvents', () => {
  it('puts name, time and detail of an event onto the bus', async () => {
    const { calls, failed } = await publish([mismatch('t1')]);
    expect(failed).toEqual([]);
    const [[entry, ...others] = [], ...more] = calls;
    expect([others, more]).toEqual([[], []]);
    expect(entry).toMatchObject({ name: 'payment.mismatched', at: WRITTEN_AT });
    expect(JSON.parse(entry!.detail)).toEqual({
      id: 'payment.mismatched:t1',
      at: WRITTEN_AT,
      data: { transactionId: 't1', outTradeNo: 'no', reasons: ['amountFen'], seenAt: WRITTEN_AT },
    });
  });

  it.each([
    ['an empty batch', []],
    ['records without an event', [silent(), silent()]],
  ])('makes no call for %s', async (_case, records) => {
    expect(await publish(records)).toMatchObject({ calls: [], failed: [], lines: [] });
  });

  it('sends ten entries per call, in order', async () => {
    const { calls, ids } = await publish(mismatches(25));
    expect(calls.map(({ length }) => length)).toEqual([10, 10, 5]);
    expect(ids).toEqual(Array.from({ length: 25 }, (_, n) => `t${n}`));
  });

  it('keeps each call below the size limit of the bus', async () => {
    const { calls, failed } = await publish(mismatches(7, 100 * 1024));
    expect(calls.map(({ length }) => length)).toEqual([2, 2, 2, 1]);
    expect(failed).toEqual([]);
  });

  it('measures entries in bytes, not in characters', async () => {
    // 60,000 characters are 180,000 bytes.
    const records = [mismatch('t0', '微'.repeat(60_000)), mismatch('t1', '微'.repeat(60_000))];
    expect((await publish(records)).calls).toHaveLength(2);
  });

  it('reports the first record with a rejected event, and publishes the other events', async () => {
    const records = mismatches(12);
    const { failed, ids, lines } = await publish(records, ({ detail }) =>
      /"t(3|11)"/.test(detail) ? 'ThrottlingException' : undefined,
    );
    expect(failed).toEqual([numberOf(records[3]!)]);
    expect(ids).toHaveLength(12);
    expect(lines.join('\n')).toContain('ThrottlingException');
    expect(lines.join('\n')).toContain('payment.mismatched:t11');
    expect((JSON.parse(lines.at(-1)!) as { names: string[] }).names).toHaveLength(10);
  });

  it('reports the first record of a failed call, and makes the other call', async () => {
    const records = mismatches(12);
    const { failed, ids } = await publish(records, ({ detail }) => {
      if (detail.includes('"t0"')) throw new Error('no connection');
      return undefined;
    });
    expect(failed).toEqual([numberOf(records[0]!)]);
    expect(ids).toContain('t11');
  });

  it('reports an unreadable record, and publishes the records around it', async () => {
    const records = [silent(), mismatch('t1'), unreadable(), mismatch('t2')];
    const { failed, ids, lines } = await publish(records);
    expect(failed).toEqual([numberOf(records[2]!)]);
    expect(ids).toEqual(['t1', 't2']);
    expect(lines[0]).toContain('events.unreadable');
  });

  it('reports an event that exceeds the size limit, and publishes the others', async () => {
    const records = [mismatch('t1'), mismatch('t2', 'x'.repeat(256 * 1024)), mismatch('t3')];
    const { failed, ids } = await publish(records);
    expect(failed).toEqual([numberOf(records[1]!)]);
    expect(ids).toEqual(['t1', 't3']);
  });

  it('reports the first record when records fail for different reasons', async () => {
    const records = [mismatch('t1'), unreadable()];
    const { failed } = await publish(records, () => 'InternalFailure');
    expect(failed).toEqual([numberOf(records[0]!)]);
  });
});
