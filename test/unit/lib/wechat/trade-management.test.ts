import { describe, expect, it } from 'vitest';
import { fetchCarriers } from '../../../../lib/wechat/carriers.ts';
import { notifyReceipt } from '../../../../lib/wechat/receipt.ts';
import {
  fetchTradeManaged,
  getOrderDetailPath,
  ORDER_NUMBER_PLACEHOLDER,
  setMessagePath,
  setOrderDetailPath,
} from '../../../../lib/wechat/trade-management.ts';
import { access, wechat } from './scripted-wechat.ts';

describe('fetchTradeManaged', () => {
  it.each([true, false, 1, 0])('returns the answer %s about the app of the call', async (isManaged) => {
    const world = wechat({ errcode: 0, errmsg: 'ok', is_trade_managed: isManaged });
    await expect(fetchTradeManaged(world.deps, access)).resolves.toBe(Boolean(isManaged));
    expect(world.pathOf(0)).toBe('/wxa/sec/order/is_trade_managed?access_token=T');
    expect(world.bodyOf(0)).toEqual({ appid: 'wx1' });
  });

  it.each([
    ['an answer without the field', { errcode: 0 }, 'WECHAT_UNAVAILABLE'],
    ['too many questions', 44990, 'RATE_LIMITED'],
    ['an app without the permission', 48001, 'WECHAT_CONFIG'],
  ])('throws for %s', async (_, answer, code) => {
    await expect(fetchTradeManaged(wechat(answer).deps, access)).rejects.toMatchObject({ code });
  });
});

describe('fetchCarriers', () => {
  const path = '/cgi-bin/express/delivery/open_msg/get_delivery_list?access_token=T';

  it('sends an empty object, and returns the names by their codes', async () => {
    const delivery_list = [
      { delivery_id: 'YTO', delivery_name: '圆通速递' },
      { delivery_id: 'SF', delivery_name: '顺丰速运' },
    ];
    const world = wechat({ errcode: 0, delivery_list, count: 2 });
    await expect(fetchCarriers(world.deps, access)).resolves.toEqual({ YTO: '圆通速递', SF: '顺丰速运' });
    expect(world.pathOf(0)).toBe(path);
    expect(world.textOf(0)).toBe('{}');
  });

  it.each([[{ errcode: 0 }], [{ errcode: 0, delivery_list: [] }], [{ errcode: 0, delivery_list: [null, {}] }]])(
    'throws WECHAT_UNAVAILABLE for an answer without carriers: %j',
    async (answer) => {
      await expect(fetchCarriers(wechat(answer).deps, access)).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    },
  );
});

describe('notifyReceipt', () => {
  const receipt = { ...access, transactionId: '42', receivedAtMs: 1_795_203_600_999 };

  it('sends the time in seconds', async () => {
    const world = wechat(0);
    await notifyReceipt(world.deps, receipt);
    expect(world.pathOf(0)).toBe('/wxa/sec/order/notify_confirm_receive?access_token=T');
    expect(world.bodyOf(0)).toEqual({ transaction_id: '42', received_time: 1_795_203_600 });
  });

  it('accepts that WeChat was notified before', async () => {
    await expect(notifyReceipt(wechat(10060030).deps, receipt)).resolves.toBeUndefined();
  });

  it.each([
    [10060001, 'ORDER_STATE_CONFLICT'],
    [10060028, 'ORDER_STATE_CONFLICT'],
    [10060029, 'PARAM_ERROR'],
    [10060032, 'ORDER_STATE_CONFLICT'],
    [10060012, 'WECHAT_UNAVAILABLE'],
  ])('throws the error of errcode %i: %s', async (errcode, code) => {
    await expect(notifyReceipt(wechat(errcode).deps, receipt)).rejects.toMatchObject({ code });
  });
});

describe('the pages behind WeChat messages and orders', () => {
  const path = `pages/order/detail?no=${ORDER_NUMBER_PLACEHOLDER}`;

  it.each([
    ['set_msg_jump_path', setMessagePath],
    ['update_order_detail_path', setOrderDetailPath],
  ])('are set by %s, with unescaped characters', async (api, set) => {
    const world = wechat(0);
    await set(world.deps, { ...access, path });
    expect(world.pathOf(0)).toBe(`/wxa/sec/order/${api}?access_token=T`);
    expect(world.textOf(0)).toBe('{"path":"pages/order/detail?no=${商品订单号}"}');
  });

  it('throw PARAM_ERROR when WeChat rejects the path', async () => {
    await expect(setMessagePath(wechat(10060014).deps, { ...access, path })).rejects.toMatchObject({
      code: 'PARAM_ERROR',
    });
  });

  it.each([
    [path, path],
    ['', undefined],
  ])('are read as %j', async (stored, expected) => {
    const world = wechat({ errcode: 0, path: stored });
    await expect(getOrderDetailPath(world.deps, access)).resolves.toBe(expected);
    expect(world.pathOf(0)).toBe('/wxa/sec/order/get_order_detail_path?access_token=T');
    expect(world.textOf(0)).toBe('{}');
  });
});
