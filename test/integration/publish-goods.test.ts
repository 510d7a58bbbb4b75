// The virtual goods of catalog-put: upload and publication at WeChat.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../lib/core/errors.ts';
import { runtime, type Runtime } from '../../lib/core/runtime.ts';
import { putCatalog } from '../../lib/pay/catalog.ts';
import { publishGoods } from '../../lib/pay/publish-goods.ts';
import { readPrice, readPrices, type Price } from '../../lib/store/prices.ts';
import type { GoodsApi, GoodsTask, GoodsTaskItem, GoodsTaskReport } from '../../lib/wechat-pay/virtual/goods.ts';
import { loadCatalogPut } from '../../lib/wiring/catalog.ts';
import { control } from '../support/control.ts';
import { crashesAfter } from '../support/crashes.ts';
import { createWorld, ids, type Settings, type World } from '../support/world.ts';

const MINUTE_MS = 60_000;
const imageUrl = 'https://shop.example/course.png';
const course = { sku: 'course', description: 'Course', kind: 'goods', unitFen: 600, virtualGood: true, imageUrl };
const topUp = { sku: 'top-up', description: 'Top-up', kind: 'wallet-topup', minFen: 100, maxFen: 500_000, imageUrl };
const tea = { sku: 'tea', description: 'Tea', kind: 'goods', unitFen: 700 };

const START_UPLOAD = '/xpay/start_upload_goods';
const START_PUBLISH = '/xpay/start_publish_goods';

let world: World;
let nowMs: number;
beforeEach(async () => {
  world = await createWorld();
  nowMs = Date.now();
});
afterEach(() => world.simulator.close());

/** Waits in no time: both clocks advance instead. */
const advance = async (ms: number) => {
  nowMs += ms;
  await control(world.simulator, 'POST', '/_clock', { advanceMs: ms });
};
/** Runs catalog-put like a cold instance. */
const put = async (items: object[], outside: Partial<Runtime> = {}, changed: Settings = {}) => {
  Object.assign(process.env, world.settings, changed);
  const deps = await loadCatalogPut({ ...world.outside, now: () => nowMs, sleep: advance, ...outside });
  return putCatalog(deps, { items }).finally(() => Object.assign(process.env, world.settings));
};
const publish = async (item: object, outside: Partial<Runtime> = {}, changed: Settings = {}) =>
  (await put([item], outside, changed)).virtualGoods[0];
const isoIn = (ms: number) => new Date(nowMs + ms).toISOString();
const publicationOf = async (sku: string) => (await readPrice(world.table, sku))?.published;
const act = (action: string, body: object) =>
  control(world.simulator, 'POST', '/_merchant/virtual', { action, ...body });
const goodAtWechat = async (id: string, env = 0) => {
  const path = '/_merchant/virtual';
  const { goods } = await control<{ goods: { id: string; env: number }[] }>(world.simulator, 'GET', path);
  return goods.find((good) => good.id === id && good.env === env);
};
const callNothing = { send: () => Promise.reject(new Error('a call of WeChat')) };

/** Loses the answers of the first `times` calls of a path, after WeChat has acted. */
function losing(path: string, times = 1): Partial<Runtime> {
  let left = times;
  return {
    send: async (request) => {
      const answer = await runtime.send(request);
      if (request.url.pathname !== path || left-- <= 0) return answer;
      throw new AppError('WECHAT_TIMEOUT', 'WeChat did not answer in time');
    },
  };
}

describe('catalog-put with a virtual good', () => {
  it('uploads and publishes the good, and returns when buyers can buy it', async () => {
    expect(await put([tea, course])).toEqual({
      stored: 2,
      virtualGoods: [{ sku: 'course', unitFen: 600, state: 'published', buyableAt: isoIn(30 * MINUTE_MS) }],
    });
    expect(await goodAtWechat('course')).toMatchObject({ name: 'Course', priceFen: 600, isPublished: true });
    expect(await goodAtWechat('tea')).toBeUndefined();
    expect(await publicationOf('course')).toEqual({ env: 'live', unitFen: 600, state: 'published', at: isoIn(0) });
  });

  it('publishes a range for its step, and cuts the name after 20 characters', async () => {
    const gift = { ...topUp, sku: 'gift', description: '送给朋友的礼物卡余额可以购买店里所有的课程和商品' };
    expect(await publish({ ...gift, stepFen: 1_000 })).toMatchObject({ unitFen: 1_000, state: 'published' });
    const name = '送给朋友的礼物卡余额可以购买店里所有的课';
    expect(await goodAtWechat('gift')).toMatchObject({ priceFen: 1_000, name });
  });

  it('uses the environment of VIRTUAL_PAY_ENV', async () => {
    const sandbox = { VIRTUAL_PAY_ENV: 'sandbox', VIRTUAL_PAY_APP_KEY: ids.virtual.sandboxAppKey };
    expect(await publish(course, {}, sandbox)).toMatchObject({ state: 'published' });
    expect([await goodAtWechat('course', 1), await goodAtWechat('course')]).toEqual([expect.anything(), undefined]);
    expect(await publish(course)).toMatchObject({ state: 'published' });
    expect(await goodAtWechat('course')).toMatchObject({ isPublished: true });
  });

  it('makes no call for a published good, also with another picture and description', async () => {
    const { buyableAt } = (await publish(course))!;
    const changed = { ...course, description: 'Course of 2027', imageUrl: `${imageUrl}?2` };
    expect(await publish(changed, callNothing)).toEqual({ sku: 'course', unitFen: 600, state: 'published', buyableAt });
    await advance(30 * MINUTE_MS);
    expect(await publish(changed, callNothing)).toEqual({ sku: 'course', unitFen: 600, state: 'published' });
  });

  it.each(['reports a failed task', 'reports a finished task'])(
    'publishes a good that WeChat has for the same price, and for which WeChat %s',
    async (report) => {
      if (report === 'reports a finished task') await world.faults('goods', 'exists-is-done', 2);
      const buyableAt = isoIn(30 * MINUTE_MS);
      expect(await publish(topUp)).toEqual({ sku: 'top-up', unitFen: 100, state: 'published', buyableAt });
    },
  );

  it('does not publish a good that WeChat keeps for another price, until the console changes the price', async () => {
    await publish(course);
    const dearer = { ...course, unitFen: 900 };
    expect(await publish(dearer)).toEqual({
      sku: 'course',
      unitFen: 900,
      state: 'failed',
      reason:
        'WeChat has this good for 600 fen, and keeps the price of a good; change it in the console, or use another sku',
    });
    expect(await publicationOf('course')).toMatchObject({ unitFen: 900, state: 'failed' });
    await act('put-good', { id: 'course', price: 900 });
    expect(await publish(dearer)).toMatchObject({ unitFen: 900, state: 'published' });
  });

  it('only publishes a good without a picture, which must exist in the console', async () => {
    const plain = { ...course, imageUrl: undefined };
    expect(await publish(plain)).toMatchObject({
      state: 'failed',
      reason:
        'WeChat declined the good: 道具不存在. The good was not uploaded, because the sku has no imageUrl: add one, or ' +
        'create the good in the console',
    });
    await act('put-good', { id: 'course', price: 600 });
    expect(await publish(plain)).toMatchObject({
      state: 'published',
      reason:
        'Not uploaded, because the sku has no imageUrl; check in the console that the price of the good is 600 fen',
    });
    expect(await world.calls(START_UPLOAD)).toBe(0);
  });

  it.each([
    ['upload-failed', '道具图片下载失败'],
    ['publish-failed', '道具审核不通过'],
  ])('returns the sentence of WeChat after %s, and a repeated call succeeds', async (action, words) => {
    await world.faults('goods', action);
    const reason = `WeChat declined the good: ${words}`;
    expect(await publish(course)).toEqual({ sku: 'course', unitFen: 600, state: 'failed', reason });
    expect(await publicationOf('course')).toMatchObject({ state: 'failed' });
    expect(await publish(course)).toMatchObject({ state: 'published' });
  });

  it('continues with the other goods after a failed one', async () => {
    await world.faults('goods', 'upload-failed');
    const { virtualGoods } = await put([course, { ...course, sku: 'course-2' }]);
    expect(virtualGoods.map(({ sku, state }) => [sku, state])).toEqual([
      ['course', 'failed'],
      ['course-2', 'published'],
    ]);
  });

  it.each([START_UPLOAD, '/xpay/query_upload_goods', START_PUBLISH, '/xpay/query_publish_goods'])(
    'publishes the good when an answer of %s is lost',
    async (path) => {
      expect(await publish(course, losing(path))).toMatchObject({ state: 'published' });
    },
  );

  it('waits for the task of another caller', async () => {
    const calls = await Promise.all([publish(course), publish({ ...course, sku: 'course-2' }), publish(course)]);
    expect(calls.map((view) => view?.state)).toEqual(['published', 'published', 'published']);
    expect(await goodAtWechat('course-2')).toMatchObject({ isPublished: true });
  });

  it('returns when its time is up, and a repeated call continues', async () => {
    const goods = [course, { ...course, sku: 'course-2' }];
    // Only the clock of the function advances, so the first task never ends.
    const stuck = { sleep: async (ms: number) => void (nowMs += ms) };
    const { virtualGoods } = await put(goods, stuck);
    const reason = 'The time for the tasks of WeChat is up. Repeat catalog-put, which continues';
    expect(virtualGoods).toEqual([
      { sku: 'course', unitFen: 600, state: 'publishing', reason },
      { sku: 'course-2', unitFen: 600, state: 'publishing', reason },
    ]);
    expect(await world.calls(START_UPLOAD)).toBe(1);
    expect((await put(goods)).virtualGoods.map(({ state }) => state)).toEqual(['published', 'published']);
  });

  it('continues after a crash at each write', async () => {
    let writes = 0;
    while (await crashesAfter(world.table, writes, () => put([course]))) writes += 1;
    expect(writes).toBeGreaterThanOrEqual(2);
    expect(await publish(course, callNothing)).toMatchObject({ state: 'published' });
  });

  it.each([
    [{ VIRTUAL_PAY_APP_KEY: ids.virtual.sandboxAppKey }, 'VIRTUAL_PAY_APP_KEY must be the AppKey of VIRTUAL_PAY_ENV'],
    [{ VIRTUAL_PAY_APP_KEY: '' }, 'VIRTUAL_PAY_APP_KEY is not set'],
    [{ MINIAPP_APP_SECRET: '' }, 'MINIAPP_APP_SECRET is not set'],
  ])('stores the prices with %j, and names the setting', async (wrong, reason) => {
    expect(await put([course, tea], {}, wrong)).toEqual({
      stored: 2,
      virtualGoods: [{ sku: 'course', unitFen: 600, state: 'failed', reason: expect.stringContaining(reason) }],
    });
    expect(await readPrices(world.table)).toHaveLength(2);
    expect(await publish(course)).toMatchObject({ state: 'published' });
  });

  it('gives a good up after three failed calls in a row', async () => {
    const { send } = runtime;
    let calls = 0;
    const down: Partial<Runtime> = {
      send: async (request) => {
        if (!request.url.pathname.startsWith('/xpay/')) return send(request);
        calls += 1;
        throw new AppError('WECHAT_UNAVAILABLE', 'WeChat is unreachable');
      },
    };
    const reason = 'WeChat is unreachable. Repeat catalog-put, which continues';
    expect(await publish(course, down)).toEqual({ sku: 'course', unitFen: 600, state: 'publishing', reason });
    expect(calls).toBe(3);
  });

  it('stores nothing when a sku of a virtual good has a dot, which WeChat does not permit in an id', async () => {
    const dotted = { ...course, sku: 'course.2' };
    await expect(put([tea, dotted], callNothing)).rejects.toMatchObject({
      code: 'PARAM_ERROR',
      message: 'sku: course.2 must have no "." as a good of virtual payment',
    });
    expect(await readPrices(world.table)).toEqual([]);
    expect(await put([{ ...tea, sku: 'tea.2' }], callNothing)).toEqual({ stored: 1, virtualGoods: [] });
  });
});

describe('catalog-put without virtual payment', () => {
  it('stores virtual goods, reads no secret and makes no call', async () => {
    const without = { VIRTUAL_PAY_OFFER_ID: '', VIRTUAL_PAY_APP_KEY: '', MINIAPP_APP_SECRET: '' };
    expect(await put([{ ...course, sku: 'course.2' }, tea], callNothing, without)).toEqual({
      stored: 2,
      virtualGoods: [
        { sku: 'course.2', unitFen: 600, state: 'not-configured', reason: 'VIRTUAL_PAY_OFFER_ID is not set' },
      ],
    });
  });
});

describe('publishGoods', () => {
  const report = (item: object, isRunning = false) => ({
    isRunning,
    items: [{ id: 'course', outcome: 'done', unitFen: undefined, words: '', ...item } as GoodsTaskItem],
  });
  /** Publishes the course at a WeChat that returns these reports, of which the last one repeats. */
  const publishWith = async (uploads: GoodsTaskReport[], publications = [report({})]) => {
    const started: string[] = [];
    const taskOf = (kind: string, reports: GoodsTaskReport[]): GoodsTask => ({
      start: async () => void started.push(kind),
      query: async () => (reports.length > 1 ? reports.shift()! : reports[0]!),
    });
    const [upload, publishing] = [taskOf('upload', uploads), taskOf('publish', publications)];
    const api: GoodsApi = { upload: () => upload, publish: () => publishing };
    const virtualPay = { env: 'live' as const, loadGoodsApi: async () => api };
    const deps = { table: world.table, now: () => nowMs, sleep: advance, virtualPay };
    const [view] = await publishGoods(deps, [course as Price]);
    return { view, started };
  };

  it('asks the operator to compare the price when WeChat does not return the price of a good that it has', async () => {
    const { view } = await publishWith([report({ outcome: 'exists' })]);
    expect(view).toMatchObject({
      state: 'published',
      reason:
        'WeChat had this good before, and keeps its price; check in the console that the price of the good is 600 fen',
    });
  });

  it.each<[string, GoodsTaskReport]>([
    ['no task', { isRunning: false, items: [] }],
    ['an ended task whose good has not ended', report({ outcome: 'running' })],
    ['the task of another caller', report({ id: 'another' })],
  ])('starts the task again when WeChat reports %s', async (_name, other) => {
    const { view, started } = await publishWith([report({}, true), other, report({ outcome: 'exists', unitFen: 600 })]);
    expect(view).toMatchObject({ state: 'published' });
    expect(started).toEqual(['upload', 'upload', 'publish']);
  });
});
