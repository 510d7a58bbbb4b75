import { describe, expect, it } from 'vitest';
import { deliverEvent } from '../../../infra/local/aws/event-delivery.ts';
import type { BusEvent } from '../../../infra/local/aws/put-events.ts';
import type { EventRule } from '../../../infra/service/event-rules.ts';
import type { InvokeResult } from '../../../infra/service/invoke.ts';
import { readService } from '../../../infra/service/service.ts';
import { SCHEMAS, SOURCE } from '../../../lib/events/schemas.ts';

const EVENT: BusEvent = {
  version: '0',
  id: 'bus-1',
  'detail-type': 'order.paid',
  source: 'wechat-lambda',
  account: '000000000000',
  time: '2026-11-20T03:12:45Z',
  region: 'ap-southeast-1',
  resources: [],
  detail: { id: 'order.paid:1', data: { kind: 'wallet-topup' } },
};
const rule = (functionName: string, pattern: EventRule['pattern']): EventRule => ({
  functionName,
  timeoutSeconds: 15,
  pattern,
});
const paid = rule('wallet', { 'detail-type': ['order.paid'] });
const done = { value: null };

/** Delivers to functions with these results, and returns the calls. */
async function deliver(rules: EventRule[], answer: (call: number) => InvokeResult, event = EVENT) {
  const calls: string[] = [];
  const warnings: string[] = [];
  const stopping = new AbortController();
  await deliverEvent(event, {
    rules,
    invoke: async ({ functionName }, given) => {
      expect(given).toEqual(event);
      calls.push(functionName);
      return answer(calls.length);
    },
    warn: (line) => warnings.push(line),
    signal: stopping.signal,
    pauseMs: 0,
  });
  return { calls, warnings };
}

describe('the delivery of an event', () => {
  it('invokes the function of each matching rule', async () => {
    const rules = [
      paid,
      rule('goods', { 'detail-type': ['order.paid'], detail: { data: { kind: ['goods'] } } }),
      rule('topups', { source: ['wechat-lambda'], detail: { data: { kind: ['wallet-topup'] } } }),
      rule('users', { 'detail-type': [{ prefix: 'user.' }] }),
    ];
    const { calls, warnings } = await deliver(rules, () => done);
    expect(calls.toSorted()).toEqual(['topups', 'wallet']);
    expect(warnings).toEqual([]);
  });

  it('retries when the function throws or does not answer', async () => {
    const { calls, warnings } = await deliver([paid], (call) => {
      if (call === 1) return { error: 'not now' };
      if (call === 2) throw new Error('connection refused');
      return done;
    });
    expect(calls).toHaveLength(3);
    expect(warnings).toEqual([]);
  });

  it('prints function, event and reason when it gives up', async () => {
    const { calls, warnings } = await deliver([paid], () => ({ error: 'cannot do it' }));
    expect(calls).toHaveLength(5);
    expect(warnings).toEqual(['dead letter: wallet failed 5 times at order.paid bus-1: cannot do it']);
  });

  it('gives up one function without the other', async () => {
    const { calls, warnings } = await deliver([paid, rule('mail', paid.pattern)], (call) =>
      call === 2 ? done : { error: 'no' },
    );
    expect(calls.filter((name) => name === 'mail')).toHaveLength(1);
    expect(warnings).toHaveLength(1);
  });
});

describe('the rules in serverless.yml', () => {
  const { eventRules } = readService();

  it.each(eventRules.map((one) => [one.functionName, one.pattern] as const))(
    'are supported: %s %j',
    (_name, pattern) => {
      expect(pattern).toMatchObject({ source: [SOURCE] });
      for (const type of pattern['detail-type'] as string[]) expect(Object.keys(SCHEMAS)).toContain(type);
    },
  );

  it('deliver top-ups and refunds to the wallet, and no goods', async () => {
    const own = eventRules.filter(({ functionName }) => functionName === 'wallet-credit');
    const withData = (type: string, data: object) => ({ ...EVENT, 'detail-type': type, detail: { data } });
    const callsFor = async (event: BusEvent) => (await deliver(own, () => done, event)).calls;
    expect(await callsFor(withData('order.paid', { kind: 'wallet-topup' }))).toEqual(['wallet-credit']);
    expect(await callsFor(withData('order.paid', { kind: 'goods' }))).toEqual([]);
    expect(await callsFor(withData('order.refunded', {}))).toEqual(['wallet-credit']);
    expect(await callsFor(withData('order.closed', {}))).toEqual([]);
  });

  it('deliver withdrawn authorisations to the function that deletes the data', async () => {
    const revoked = { ...EVENT, 'detail-type': 'user.authorization-revoked' };
    expect((await deliver(eventRules, () => done, revoked)).calls).toEqual(['revocation-apply']);
  });
});
