import { afterEach, describe, expect, it, vi } from 'vitest';
import { runCheck } from '../../../infra/ops/check-report.ts';
import { judgeGoods, judgeUnsold } from '../../../infra/ops/doctor/virtual-goods.ts';
import { judgeDeliveryPush, judgeEnv, judgeExemption } from '../../../infra/ops/doctor/virtual-pay.ts';
import type { Price } from '../../../lib/store/prices.ts';

describe('the environment of virtual payment', () => {
  it.each([
    ['live', 'prod', '✓', 'live'],
    ['live', 'dev', '✓', 'live'],
    ['sandbox', 'dev', '✓', 'sandbox'],
    ['sandbox', 'prod', '!', 'the released mini-program accepts live only → VIRTUAL_PAY_ENV=live in .env.prod'],
  ] as const)('%s in the stage %s is %s', async (env, name, mark, note) => {
    const result = await runCheck('VIRTUAL_PAY_ENV', () => judgeEnv(env, { name }));
    expect(result).toMatchObject({ mark, note: expect.stringContaining(note) });
  });
});

describe('the exemption from virtual payment', () => {
  it('is a warning that names the rule', async () => {
    const judge = (isExempt: boolean) => runCheck('VIRTUAL_PAY_EXEMPT', () => judgeExemption(isExempt));
    expect(await judge(false)).toMatchObject({ mark: '✓', note: 'false' });
    const note = expect.stringMatching(/WeChat requires 虚拟支付 for them since 2026-04-01.*VIRTUAL_PAY_EXEMPT=false/);
    expect(await judge(true)).toMatchObject({ mark: '!', note });
  });
});

describe('the delivery push of virtual payment', () => {
  afterEach(() => void vi.unstubAllEnvs());

  it.each([
    ['live', 'secure', 'token', '✓', 'secure mode'],
    ['live', 'compatible', 'token', '✓', 'compatible mode'],
    ['live', 'plain', 'token', '!', 'each delivery costs a query'],
    ['live', 'secure', '', '!', 'npm run secrets -- put MINIAPP_TOKEN'],
    ['sandbox', 'plain', '', '–', 'WeChat sends none in the sandbox'],
  ] as const)('in %s, in %s mode with the token %j is %s', async (env, mode, token, mark, note) => {
    vi.stubEnv('MINIAPP_MODE', mode);
    vi.stubEnv('MINIAPP_TOKEN', token);
    const result = await runCheck('delivery push', () => judgeDeliveryPush(env));
    expect(result).toMatchObject({ mark, note: expect.stringContaining(note) });
  });
});

describe('virtual goods', () => {
  const published = { env: 'live', unitFen: 100, state: 'published', at: '2026-12-01T08:00:00.000Z' } as const;
  const topUp: Price = { sku: 'top-up', description: 'x', kind: 'wallet-topup', minFen: 100, maxFen: 500, published };

  it.each<[Price[], string, string]>([
    [[], '–', 'the catalogue has none'],
    [[topUp, { ...topUp, sku: 'gift' }], '✓', 'published for live: top-up, gift'],
    [[{ ...topUp, published: undefined }], '!', 'top-up is not published for live → repeat catalog-put'],
    [[{ ...topUp, published: { ...published, env: 'sandbox' } }], '!', 'top-up is not published for live'],
    [[{ ...topUp, stepFen: 50 }], '!', 'top-up is published for 100 fen, not for 50 fen'],
    [[{ ...topUp, published: { ...published, state: 'failed' } }], '!', 'top-up could not be published'],
    [[{ ...topUp, published: { ...published, state: 'publishing' } }], '!', 'top-up is not published yet'],
    [[topUp, { ...topUp, sku: 'a', stepFen: 50 }, { ...topUp, sku: 'b', published: undefined }], '!', '; b is not pub'],
  ])('%j are %s', async (goods, mark, note) => {
    const result = await runCheck('virtual goods', () => judgeGoods(goods, 'live'));
    expect(result).toMatchObject({ mark, note: expect.stringContaining(note) });
  });

  it.each<[Price[], boolean, string, string]>([
    [[], false, '–', 'the catalogue has none'],
    [[topUp], true, '–', 'top-up: sold by ordinary payment'],
    [[topUp], false, '!', 'the mini-program cannot sell top-up: WeChat permits only 虚拟支付 → VIRTUAL_PAY_OFFER_ID'],
  ])('%j without virtual payment and with the exemption %s are %s', async (goods, isExempt, mark, note) => {
    const result = await runCheck('virtual goods', () => judgeUnsold(goods, isExempt));
    expect(result).toMatchObject({ mark, note: expect.stringContaining(note) });
  });
});
