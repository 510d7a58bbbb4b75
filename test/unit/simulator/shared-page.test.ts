import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { useSimulator, useWechatUser } from './fixture.ts';
import { settings } from './settings.ts';
import { apiCall, phoneAction } from './support.ts';

const simulator = useSimulator();
const user = useWechatUser(simulator);

const openShared = async (url: string, how: object = {}) =>
  (await phoneAction(simulator, user, 'open-shared', { url, ...how })).json;
const ticket = async (): Promise<string> =>
  (await apiCall(simulator, 'official', '/cgi-bin/ticket/getticket', { query: { type: 'jsapi' } })).json.ticket;
const sign = (ticketText: string, url: string) => {
  const config = { appId: settings.official.appId, timestamp: 1_414_587_457, nonceStr: 'Wm3WZYTPz0wzccnW' };
  const signed = `jsapi_ticket=${ticketText}&noncestr=${config.nonceStr}&timestamp=${config.timestamp}&url=${url}`;
  return { ...config, signature: createHash('sha1').update(signed).digest('hex'), jsApiList: ['scanQRCode'] };
};
const configure = async (location: string, config: object) =>
  (await phoneAction(simulator, user, 'wx-config', { location, config })).json;

test.each([
  ['https://shop.example', 'https://shop.example/?from=singlemessage&isappinstalled=0'],
  ['https://shop.example/?a=1#/b', 'https://shop.example/?a=1&from=singlemessage&isappinstalled=0#/b'],
  [
    'https://shop.example/咖啡?q=咖啡',
    'https://shop.example/%E5%92%96%E5%95%A1?q=%E5%92%96%E5%95%A1&from=singlemessage&isappinstalled=0',
  ],
])('opens the shared page %s as %s', async (url, location) => {
  expect(await openShared(url)).toEqual({ location });
});

test('names the place of the message, and rejects an address without http', async () => {
  expect((await openShared('https://a.example/', { from: 'timeline' })).location).toContain('?from=timeline&');
  expect(await openShared('shop.example')).toMatchObject({ error: 'PARAM_ERROR' });
});

test('wx.config accepts a signature of exactly the address without its fragment', async () => {
  const issued = await ticket();
  const { location } = await openShared('https://shop.example');
  expect(await configure(`${location}#/part`, sign(issued, location))).toEqual({ errMsg: 'config:ok' });
  for (const other of ['https://shop.example', `${location}#`, location.replace('&isappinstalled=0', '')]) {
    expect(await configure(location, sign(issued, other))).toEqual({ errMsg: 'config:fail,invalid signature' });
  }
});

test('wx.config rejects an expired ticket, and another appid', async () => {
  const page = 'https://shop.example/';
  const config = sign(await ticket(), page);
  expect(await configure(page, { ...config, appId: settings.miniapp.appId })).toEqual({
    errMsg: 'config:fail,invalid appid',
  });
  await simulator.advanceClock(7_200_000);
  expect(await configure(page, config)).toEqual({ errMsg: 'config:fail,invalid signature' });
  expect(await configure(page, { ...config, jsApiList: undefined })).toMatchObject({ error: 'PARAM_ERROR' });
});
