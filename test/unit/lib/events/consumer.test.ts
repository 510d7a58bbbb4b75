import type { EventBridgeEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { consumer } from '../../../../lib/events/consumer.ts';
import type { DomainEvent } from '../../../../lib/events/schemas.ts';

const detail = { id: 'user.closed:u1', at: '2026-11-20T03:12:45.000Z', data: { userId: 'u1' } };
const event = (change: object = {}) =>
  ({ id: 'bus-1', 'detail-type': 'user.closed', detail, ...change }) as EventBridgeEvent<string, unknown>;

const lines: string[] = [];

beforeEach(() => {
  for (const level of ['info', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation((line: string) => void lines.push(line));
  }
});
afterEach(() => {
  lines.length = 0;
  vi.restoreAllMocks();
});

describe('consumer', () => {
  it('passes the validated event to its flow and logs one line', async () => {
    const run = vi.fn<(event: DomainEvent) => Promise<void>>(async () => undefined);
    const extended = { ...detail, data: { ...detail.data, since: 'a later version' } };
    await consumer({ 'user.closed': run })(event({ detail: extended }));
    expect(run.mock.calls).toEqual([[{ name: 'user.closed', ...detail }]]);
    expect(lines).toEqual(['{"evt":"event.consumed","type":"user.closed","eventId":"bus-1","id":"user.closed:u1"}']);
  });

  it('logs and rethrows an error of its flow', async () => {
    const handler = consumer({ 'user.closed': () => Promise.reject(new Error('not now')) });
    await expect(handler(event())).rejects.toThrow('not now');
    expect(lines).toEqual([expect.stringContaining('"evt":"event.failed"')]);
  });

  it.each([
    ['of another name', { 'detail-type': 'user.merged' }, 'There is no consumer of user.merged'],
    ['named like a property of every object', { 'detail-type': 'toString' }, 'There is no consumer of toString'],
    ['without data', { detail: { id: 'x', at: detail.at } }, 'data'],
    ['with incomplete data', { detail: { ...detail, data: {} } }, 'data.userId'],
    ['without an id', { detail: { ...detail, id: '' } }, 'id'],
    ['that is a text', { detail: 'x' }, 'The whole value'],
  ])('throws for an event %s, so that the event is kept', async (_case, change, reason) => {
    const run = vi.fn<(event: DomainEvent) => Promise<void>>(async () => undefined);
    await expect(consumer({ 'user.closed': run })(event(change))).rejects.toThrow(reason);
    expect(run).not.toHaveBeenCalled();
    expect(lines).toHaveLength(1);
  });
});
