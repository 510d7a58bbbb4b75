// The example of a recharge by virtual payment, in the README of the clients.
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { clientExample } from '../../support/client-examples.ts';

interface Failure {
  code?: string;
  errCode?: number;
}

/** Runs the example. The first attempt fails at the service (`code`) or on the phone (`errCode`), the others succeed. */
async function recharge(failure?: Failure) {
  const calls: string[] = [];
  let attempts = 0;
  const takeFailure = (place: keyof Failure) => attempts === 1 && failure && place in failure;
  const context = {
    login: async () => void calls.push('login'),
    api: {
      prepay: async (purchase: object) => {
        calls.push(JSON.stringify(purchase));
        attempts += 1;
        if (takeFailure('code')) throw failure;
        return { order: { outTradeNo: `o${attempts}` }, payment: { mode: 'm', signData: `d${attempts}` } };
      },
      getOrder: async ({ outTradeNo }: { outTradeNo: string }) => outTradeNo,
    },
    wx: {
      requestVirtualPayment: ({ success, fail, ...payment }: Record<'success' | 'fail', (answer: object) => void>) => {
        calls.push(JSON.stringify(payment));
        if (takeFailure('errCode')) fail(failure!);
        else success({});
      },
    },
  };
  const run = runInNewContext(`${clientExample('Virtual goods')}; recharge(500)`, context) as Promise<string>;
  return { calls, outcome: await run.catch((error: unknown) => error) };
}

const PREPAY = '{"sku":"top-up","amountFen":500,"tradeType":"VIRTUAL"}';
const opened = (attempt: number) => `{"mode":"m","signData":"d${attempt}"}`;

describe('the example of a recharge', () => {
  it('opens the payment of the order and returns the order', async () => {
    expect(await recharge()).toEqual({ calls: [PREPAY, opened(1)], outcome: 'o1' });
  });

  it('logs in and pays a new order when the session key on the phone has expired', async () => {
    const { calls, outcome } = await recharge({ errCode: -15_007 });
    expect(calls).toEqual([PREPAY, opened(1), 'login', PREPAY, opened(2)]);
    expect(outcome).toBe('o2');
  });

  it('logs in and pays when the session of the service has no session key', async () => {
    const { calls, outcome } = await recharge({ code: 'SESSION_EXPIRED' });
    expect(calls).toEqual([PREPAY, 'login', PREPAY, opened(2)]);
    expect(outcome).toBe('o2');
  });

  it.each([{ errCode: -2 }, { code: 'RATE_LIMITED' }])(
    'passes on the failure %j without another attempt',
    async (failure) => {
      const { calls, outcome } = await recharge(failure);
      expect(calls.filter((call) => call === PREPAY)).toHaveLength(1);
      expect(outcome).toBe(failure);
    },
  );
});
