import { createHash } from 'node:crypto';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { putCatalog } from '../../lib/pay/catalog.ts';
import { catalogReader } from '../../lib/pay/get-catalog.ts';
import { prepay } from '../../lib/pay/prepay.ts';
import { keys } from '../../lib/store/keys.ts';
import { readOrder } from '../../lib/store/orders.ts';
import { putPublication, readPrice } from '../../lib/store/prices.ts';
import { createBuyers } from '../support/buyers.ts';
import { createWorld, type World } from '../support/world.ts';

const tea = { sku: 'tea', description: 'Tea', kind: 'goods', unitFen: 700 };
const topUp = { sku: 'top-up', description: 'Top-up', kind: 'wallet-topup', minFen: 100, maxFen: 500_000 };

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.simulator.close());

const put = (...items: object[]) => putCatalog(world.base, { items });
const list = async () => (await catalogReader(world.base)()).items;

describe('catalog-put', () => {
  it.each(['字'.repeat(42), 'x'.repeat(127), '1'])('accepts the description %j', async (description) => {
    await expect(put({ ...tea, description })).resolves.toEqual({ stored: 1, virtualGoods: [] });
  });

  it.each([
    ['字'.repeat(43), 'description has 129 bytes of UTF-8, at most 127 are allowed'],
    ['x'.repeat(128), 'description has 128 bytes of UTF-8, at most 127 are allowed'],
    ['', 'description must not be empty'],
    ['Tea 🍵', 'description must have no emoji and no control characters'],
    ['Tea\n', 'description must have no emoji and no control characters'],
    ['Tea \ud83c', 'description must have no emoji and no control characters'],
  ])('rejects the description %j and names the reason', async (description, reason) => {
    await expect(put({ ...tea, description })).rejects.toMatchObject({
      code: 'PARAM_ERROR',
      message: expect.stringContaining(reason),
    });
  });

  it.each(['http://a.example/tea.png', 'tea.png', 'https://a.example/a b', `https://${'a'.repeat(1_017)}`])(
    'rejects the imageUrl %j',
    async (imageUrl) => {
      await expect(put({ ...tea, imageUrl })).rejects.toMatchObject({
        code: 'PARAM_ERROR',
        message: expect.stringContaining('imageUrl must be an https address'),
      });
    },
  );

  it.each([
    [100, 500, 600],
    [150, 190, 100],
  ])('rejects the range %i to %i with the step %i, of which no multiple is in the range', async (...range) => {
    const [minFen, maxFen, stepFen] = range;
    await expect(put({ ...topUp, minFen, maxFen, stepFen })).rejects.toMatchObject({
      code: 'PARAM_ERROR',
      message: expect.stringContaining('a multiple of stepFen must be from minFen to maxFen'),
    });
  });

  it('accepts a range with one multiple of the step', async () => {
    const range = { ...topUp, minFen: 150, maxFen: 200, stepFen: 100 };
    await expect(put(range)).resolves.toMatchObject({ stored: 1 });
  });

  it.each(['post', '', 3])('rejects the delivery %j', async (delivery) => {
    await expect(put({ ...tea, delivery })).rejects.toMatchObject({ code: 'PARAM_ERROR' });
  });
});

describe('GET /catalog', () => {
  it('lists fixed prices and price ranges, with the default of virtualGood by kind', async () => {
    const imageUrl = 'https://a.example/tea.png';
    await put({ ...tea, imageUrl }, topUp, { ...tea, sku: 'course', virtualGood: true });
    expect(await list()).toMatchObject([
      { ...tea, sku: 'course', virtualGood: true },
      { ...tea, virtualGood: false, imageUrl },
      { ...topUp, virtualGood: true },
    ]);
  });

  it('shows the price that an order has', async () => {
    const { loggedIn } = await createBuyers(world);
    await put({ ...tea, unitFen: 900 });
    const { token } = await loggedIn();
    const { order } = await prepay(world.pay, { token, sku: 'tea', tradeType: 'JSAPI', address: '203.0.113.7' });
    expect(await list()).toContainEqual(expect.objectContaining({ sku: 'tea', unitFen: order.amountFen }));
  });

  it('lists the step of virtual ranges only, and no publication', async () => {
    await put({ ...topUp, minFen: 150, maxFen: 500 }, { ...topUp, sku: 'gift', stepFen: 300 });
    await put({ ...topUp, sku: 'donation', kind: 'goods' }, { ...tea, sku: 'course', virtualGood: true });
    await putPublication(world.table, 'gift', {
      env: 'live',
      unitFen: 300,
      state: 'published',
      at: '2026-12-01T08:00Z',
    });
    const steps = Object.fromEntries((await list()).map((item) => [item.sku, 'stepFen' in item && item.stepFen]));
    expect(steps).toMatchObject({ 'top-up': 50, gift: 300, donation: false, course: false });
    expect(JSON.stringify(await list())).not.toContain('published');
  });

  it('reads the table at most once in ten seconds', async () => {
    await put(tea);
    let nowMs = 0;
    const read = catalogReader({ ...world.base, now: () => nowMs });
    const unitFen = async () => (await read()).items.find(({ sku }) => sku === 'tea');
    expect(await unitFen()).toMatchObject({ unitFen: 700 });
    await put({ ...tea, unitFen: 800 });
    nowMs = 9_999;
    expect(await unitFen()).toMatchObject({ unitFen: 700 });
    nowMs = 10_000;
    expect(await unitFen()).toMatchObject({ unitFen: 800 });
  });

  it('reads the table again after a failed read', async () => {
    let fails = true;
    const client = {
      send: (command: never) => (fails ? Promise.reject(new Error('throttled')) : world.table.client.send(command)),
    } as typeof world.table.client;
    const read = catalogReader({ ...world.base, table: { ...world.table, client } });
    await expect(read()).rejects.toThrow('throttled');
    fails = false;
    expect((await read()).items).not.toHaveLength(0);
  });

  it('lists a catalogue of more than one page of the table', async () => {
    const imageUrl = `https://${'a'.repeat(1_010)}`;
    const skus = Array.from({ length: 1_100 }, (_, i) => `page-${String(i).padStart(4, '0')}`);
    await put(...skus.map((sku) => ({ ...tea, sku, imageUrl })));
    const listed = (await list()).map(({ sku }) => sku).filter((sku) => sku.startsWith('page-'));
    expect(listed).toEqual(skus);
  }, 120_000);
});

describe('the delivery of a sku', () => {
  it('is express for goods and virtual for top-ups, unless the catalogue names another one', async () => {
    await put(tea, topUp, { ...tea, sku: 'tea-at-the-counter', delivery: 'pickup' });
    const deliveries = Object.fromEntries((await list()).map(({ sku, delivery }) => [sku, delivery]));
    expect(deliveries).toMatchObject({ tea: 'express', 'top-up': 'virtual', 'tea-at-the-counter': 'pickup' });
  });

  it('is stored with the order, and a repeated Idempotency-Key returns the order after the delivery changed', async () => {
    await put({ ...tea, sku: 'cup', delivery: 'same-city' });
    const { token } = await (await createBuyers(world)).loggedIn();
    const buyCup = async () => {
      const purchase = { token, sku: 'cup', tradeType: 'JSAPI', idempotencyKey: 'one-cup' } as const;
      // A cold instance has no price in memory.
      return (await prepay(await world.payWith(), { ...purchase, address: '203.0.113.7' })).order;
    };
    const { outTradeNo, shipping } = await buyCup();
    expect(shipping).toBeNull();
    await put({ ...tea, sku: 'cup', delivery: 'virtual' });
    expect(await buyCup()).toMatchObject({ outTradeNo, shipping: null });
    expect(await readOrder(world.table, outTradeNo)).toMatchObject({ delivery: 'same-city' });
  });

  it('does not separate a repeated request from an order of an earlier version, which has no delivery', async () => {
    await put(tea);
    const { token } = await (await createBuyers(world)).loggedIn();
    const buyTea = async () => {
      const purchase = { token, sku: 'tea', tradeType: 'JSAPI', idempotencyKey: 'one-tea' } as const;
      return (await prepay(world.pay, { ...purchase, address: '203.0.113.7' })).order;
    };
    const { outTradeNo } = await buyTea();
    const { name: TableName, client } = world.table;
    // The hash of the purchase as version 0.6.0 computes it.
    const requestFingerprint = createHash('sha256').update('["tea",1,null,"JSAPI"]').digest('base64url').slice(0, 12);
    await client.send(
      new UpdateCommand({
        TableName,
        Key: keys.order(outTradeNo),
        UpdateExpression: 'REMOVE delivery SET requestFingerprint = :fingerprint',
        ExpressionAttributeValues: { ':fingerprint': requestFingerprint },
      }),
    );
    expect(await buyTea()).toMatchObject({ outTradeNo });
  });
});

describe('the stored price', () => {
  it('replaces every field of the earlier price, and keeps the publication of the good', async () => {
    const published = { env: 'live', unitFen: 100, state: 'published', at: '2026-12-01T08:00:00.000Z' } as const;
    await put({ ...topUp, stepFen: 200, imageUrl: 'https://a.example/a.png', delivery: 'virtual', virtualGood: true });
    await putPublication(world.table, 'top-up', published);
    await put({ sku: 'top-up', description: 'Card', kind: 'goods', unitFen: 900 });
    const stored = { sku: 'top-up', description: 'Card', kind: 'goods', unitFen: 900, published };
    expect(await readPrice(world.table, 'top-up')).toEqual({ ...keys.price('top-up'), ...stored });
  });
});
