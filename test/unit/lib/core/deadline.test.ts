import { describe, expect, it } from 'vitest';
import { budgeted } from '../../../../lib/core/deadline.ts';
import type { OutboundRequest, Send } from '../../../../lib/core/outbound.ts';

const request: OutboundRequest = { method: 'GET', url: new URL('http://a.example/'), timeoutMs: 5_000 };

function clockedSend() {
  const clock = { nowMs: 1_000 };
  const timeouts: number[] = [];
  const send: Send = async ({ timeoutMs }) => {
    timeouts.push(timeoutMs);
    return { status: 200, headers: {}, body: Buffer.alloc(0) };
  };
  return { clock, timeouts, outside: { now: () => clock.nowMs, send } };
}

describe('budgeted', () => {
  it('shortens the timeout of each request to the time that is left', async () => {
    const { clock, timeouts, outside } = clockedSend();
    const { send } = budgeted(outside, (bounded) => ({ send: bounded })).within(3_000);
    await send(request);
    clock.nowMs += 2_000;
    await send(request);
    await send({ ...request, timeoutMs: 400 });
    expect(timeouts).toEqual([3_000, 1_000, 400]);
  });

  it('sends nothing after the deadline', async () => {
    const { clock, timeouts, outside } = clockedSend();
    const { send } = budgeted(outside, (bounded) => ({ send: bounded })).within(3_000);
    clock.nowMs += 3_000;
    await expect(send(request)).rejects.toMatchObject({ code: 'WECHAT_TIMEOUT' });
    expect(timeouts).toEqual([]);
  });

  it('gives each request its own deadline', async () => {
    const { clock, timeouts, outside } = clockedSend();
    const deps = budgeted(outside, (bounded) => ({ send: bounded }));
    const first = deps.within(3_000).send;
    clock.nowMs += 2_500;
    await deps.within(3_000).send(request);
    await first(request);
    expect(timeouts).toEqual([3_000, 500]);
  });

  it('replaces an unbounded send among the dependencies', async () => {
    const { timeouts, outside } = clockedSend();
    const { send } = budgeted(outside, () => ({ send: outside.send })).within(3_000);
    await send(request);
    expect(timeouts).toEqual([3_000]);
  });
});
