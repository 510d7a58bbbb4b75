// The upload and the publication of goods.
import { describe, expect, test } from 'vitest';
import { virtual } from '../settings.ts';
import { planFault } from '../support.ts';
import { useVirtualShop } from './support.ts';

const { simulator, buy, post, act } = useVirtualShop();

const item = { id: 'gem-1', name: '宝石', price: 600, remark: '宝石', item_url: 'https://example.com/gem.png' };
const upload = (change: object = {}) => post('start_upload_goods', { upload_item: [{ ...item, ...change }], env: 0 });
const publish = (id = item.id) => post('start_publish_goods', { publish_item: [{ id }], env: 0 });
const state = (kind: string) => post(`query_${kind}_goods`, { env: 0 });
const wait = () => simulator.advanceClock(1_000);
const buyGem = () => buy({ productId: item.id, goodsPrice: 600, buyQuantity: 1 });

test('a good can be bought ten minutes after its publication', async () => {
  expect(await state('upload')).toMatchObject({ errcode: 0, status: 0, upload_item: [] });
  expect(await upload()).toMatchObject({ errcode: 0 });
  const running = { status: 1, upload_item: [{ id: 'gem-1', upload_status: 0 }] };
  expect(await state('upload')).toMatchObject(running);
  await wait();
  expect(await state('upload')).toMatchObject({ status: 3, upload_item: [{ id: 'gem-1', upload_status: 2 }] });
  expect(await buyGem()).toMatchObject({ errCode: -15010 });
  expect(await publish()).toMatchObject({ errcode: 0 });
  await wait();
  expect(await state('publish')).toMatchObject({ status: 3, publish_item: [{ id: 'gem-1', publish_status: 2 }] });
  expect(await buyGem()).toMatchObject({ errCode: -15014 });
  await simulator.advanceClock(10 * 60_000);
  expect(await buyGem()).toMatchObject({ transactionId: expect.any(String) });
});

test('only one task runs at a time in an environment', async () => {
  await upload();
  expect(await upload({ id: 'gem-2' })).toMatchObject({ errcode: 268490012 });
  expect(await publish()).toMatchObject({ errcode: 268490012 });
  const inSandbox = { upload_item: [item], env: 1 };
  expect(await post('start_upload_goods', inSandbox, virtual.sandboxAppKey)).toMatchObject({ errcode: 0 });
  await wait();
  expect(await upload({ id: 'gem-2' })).toMatchObject({ errcode: 0 });
});

test('a good that exists keeps its price', async () => {
  await upload({ id: 'top-up', price: 200 });
  await wait();
  expect(await state('upload')).toMatchObject({ status: 2, upload_item: [{ id: 'top-up', upload_status: 1 }] });
  expect(await buy({ goodsPrice: 200 })).toMatchObject({ errCode: -15013 });
  expect(await buy()).toMatchObject({ transactionId: expect.any(String) });
  await publish('top-up');
  await wait();
  expect(await state('publish')).toMatchObject({ status: 2, publish_item: [{ id: 'top-up', publish_status: 1 }] });
  await planFault(simulator, 'goods', 'exists-is-done');
  expect(await state('publish')).toMatchObject({ status: 3, publish_item: [{ publish_status: 1 }] });
});

test('the console changes the price of a good at once', async () => {
  expect(await act('put-good', { id: 'top-up', price: 200 })).toMatchObject({ status: 200, json: { priceFen: 200 } });
  expect(await buy({ goodsPrice: 200 })).toMatchObject({ transactionId: expect.any(String) });
});

describe('a task fails', () => {
  test.each([
    ['upload', 'upload-failed'],
    ['publish', 'publish-failed'],
  ])('%s, as a variant, and succeeds later', async (kind, action) => {
    if (kind === 'publish') await upload().then(wait);
    await planFault(simulator, 'goods', action);
    const start = kind === 'upload' ? upload : publish;
    await start();
    await wait();
    const failed = [{ id: 'gem-1', [`${kind}_status`]: 3, errmsg: expect.stringMatching(/./) }];
    expect(await state(kind)).toMatchObject({ status: 2, [`${kind}_item`]: failed });
    await start();
    await wait();
    expect(await state(kind)).toMatchObject({ status: 3 });
  });

  test('for the publication of a good that was not uploaded', async () => {
    await publish('gem-9');
    await wait();
    expect(await state('publish')).toMatchObject({ status: 2, publish_item: [{ publish_status: 3 }] });
  });
});

test.each<object>([
  { id: 'gem 1' },
  { id: 'x'.repeat(65) },
  { name: '' },
  { name: '宝'.repeat(21) },
  { price: 0 },
  { price: 1.5 },
  { remark: '' },
  { item_url: 'gem.png' },
])('a good with %j is rejected', async (change) => {
  expect(await upload(change)).toMatchObject({ errcode: 268490002 });
});

test('a call with two goods is rejected', async () => {
  const body = { upload_item: [item, { ...item, id: 'gem-2' }], env: 0 };
  expect(await post('start_upload_goods', body)).toMatchObject({ errcode: 268490002 });
  expect(await post('start_publish_goods', { publish_item: [], env: 0 })).toMatchObject({ errcode: 268490002 });
});
