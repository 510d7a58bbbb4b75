import { describe, expect, it } from 'vitest';
import { virtualGoodsApi } from '../../../../../lib/wechat-pay/virtual/goods.ts';
import { access, wechat } from '../../wechat/scripted-wechat.ts';

const good = {
  id: 'course',
  name: 'Course',
  unitFen: 600,
  remark: 'A course',
  imageUrl: 'https://shop.example/course.png',
};

/** The calls about goods in the sandbox, of a WeChat with the given answers. */
function goodsOf(...answers: (number | object)[]) {
  const { deps, ...sent } = wechat(...answers);
  const accessToken = { withToken: <Result>(call: (token: string) => Promise<Result>) => call('T') };
  const virtual = { offerId: '1', env: 'sandbox' as const, appKey: 'key' };
  return { api: virtualGoodsApi({ ...deps, app: access.app, accessToken, virtual }), ...sent };
}

describe('virtualGoodsApi', () => {
  it('starts the upload of one good, and its publication, in the environment of the merchant', async () => {
    const { api, pathOf, bodyOf } = goodsOf(0);
    await api.upload(good).start();
    await api.publish('course').start();
    expect([pathOf(0), pathOf(1)]).toEqual([
      expect.stringMatching(/^\/xpay\/start_upload_goods\?access_token=T&pay_sig=[0-9a-f]{64}$/),
      expect.stringMatching(/^\/xpay\/start_publish_goods\?/),
    ]);
    const item = { id: 'course', name: 'Course', price: 600, remark: 'A course', item_url: good.imageUrl };
    expect(bodyOf(0)).toEqual({ upload_item: [item], env: 1 });
    expect(bodyOf(1)).toEqual({ publish_item: [{ id: 'course' }], env: 1 });
  });

  it.each([
    [0, false],
    [1, true],
    [2, false],
    [3, false],
  ])('reads the task status %i: running %s', async (status, isRunning) => {
    const { api, bodyOf } = goodsOf({ errcode: 0, status });
    expect(await api.publish('course').query()).toEqual({ isRunning, items: [] });
    expect(bodyOf(0)).toEqual({ env: 1 });
  });

  it.each([
    [0, 'running'],
    [1, 'exists'],
    [2, 'done'],
    [3, 'failed'],
  ])('reads the status %i of a good: %s', async (number, outcome) => {
    const publish_item = [{ id: 'course', publish_status: number, errmsg: '' }];
    const { api } = goodsOf({ errcode: 0, status: 2, publish_item });
    const { items } = await api.publish('course').query();
    expect(items).toEqual([{ id: 'course', outcome, unitFen: undefined, words: '' }]);
  });

  it('reads the price that WeChat keeps, and its sentence without control characters', async () => {
    const upload_item = [{ id: 'course', price: 500, upload_status: 3, errmsg: '道具\u202e图片\n下载失败', name: 'x' }];
    const { items } = await goodsOf({ status: 2, upload_item }).api.upload(good).query();
    expect(items).toEqual([{ id: 'course', outcome: 'failed', unitFen: 500, words: '道具 图片 下载失败' }]);
  });

  it.each<object>([
    { status: 4 },
    {},
    { status: '1' },
    { status: 1, upload_item: {} },
    { status: 1, upload_item: [{ id: 'course', upload_status: 9 }] },
    { status: 1, upload_item: [{ upload_status: 1 }] },
    { status: 1, upload_item: [{ id: 'course', publish_status: 1 }] },
  ])('throws WECHAT_UNAVAILABLE for the report %j', async (answer) => {
    await expect(goodsOf(answer).api.upload(good).query()).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
  });

  it('throws RATE_LIMITED while another task runs', async () => {
    await expect(goodsOf(268490012).api.upload(good).start()).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });
});
