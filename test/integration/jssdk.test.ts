import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { getJssdkConfig, type JssdkConfig } from '../../lib/h5/jssdk-config.ts';
import { loadJssdk } from '../../lib/wiring/h5.ts';
import { createWorld, ids, type Person, type World } from '../support/world.ts';

const GETTICKET = '/cgi-bin/ticket/getticket';
const hours = (count: number) => count * 3_600_000;

describe('getJssdkConfig', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
    vi.stubEnv('ALLOWED_ORIGINS', 'https://shop.example');
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    return world.simulator.close();
  });

  const deps = () => loadJssdk(world.outside);
  const configFor = async (url: string) => getJssdkConfig(await deps(), url);

  it('signs the URL of the page unchanged, without its fragment', async () => {
    const config = await configFor('https://shop.example/a%20b?from=timeline&x=1#/route');
    expect(config).toMatchObject({
      appId: ids.official.appId,
      timestamp: expect.any(Number),
      nonceStr: expect.stringMatching(/^[0-9a-f]{32}$/),
      jsApiList: expect.arrayContaining(['updateAppMessageShareData', 'updateTimelineShareData', 'chooseWXPay']),
    });
    const ticket = await world.coldJsapiTicket().get();
    const text =
      `jsapi_ticket=${ticket}&noncestr=${config.nonceStr}&timestamp=${config.timestamp}` +
      '&url=https://shop.example/a%20b?from=timeline&x=1';
    expect(config.signature).toBe(createHash('sha1').update(text).digest('hex'));
  });

  it('contains the address that was signed, without its fragment', async () => {
    const page = 'https://shop.example/a%20b?from=timeline&x=1';
    expect(await configFor(`${page}#/route`)).toMatchObject({ url: page });
  });

  describe('on a page that was opened from a shared message', () => {
    const openShared = async (person: Person, url: string) =>
      ((await world.phone.act(person, 'open-shared', { url })) as { location: string }).location;
    const configure = (person: Person, location: string, config: JssdkConfig) =>
      world.phone.act(person, 'wx-config', { location, config });

    it.each(['https://shop.example', 'https://shop.example/?a=1&b=2#/part', 'https://shop.example/咖啡?q=热 咖啡'])(
      'signs the address that the browser shows for the shared page %s',
      async (shared) => {
        const person = await world.phone.newPerson();
        const location = await openShared(person, shared);
        expect(location).toContain('from=singlemessage&isappinstalled=0');
        expect(await configure(person, location, await configFor(location))).toEqual({ errMsg: 'config:ok' });
      },
    );

    it('rejects the shared address, whose signature WeChat would decline on the opened page', async () => {
      const person = await world.phone.newPerson();
      await expect(configFor('https://shop.example')).rejects.toMatchObject({ code: 'PARAM_ERROR' });
      const location = await openShared(person, 'https://shop.example');
      const declined = { errMsg: 'config:fail,invalid signature' };
      expect(await configure(person, location, await configFor('https://shop.example/'))).toEqual(declined);
    });
  });

  it.each([
    'https://shop.example.evil.com/',
    'https://evil.com/?https://shop.example/',
    'http://shop.example/',
    'https://shop.example:8443/',
    'https://shop.example./',
  ])('rejects the foreign URL %s without a call to WeChat', async (url) => {
    await expect(configFor(url)).rejects.toMatchObject({ code: 'ORIGIN_NOT_ALLOWED' });
    expect(await world.calls(GETTICKET)).toBe(0);
  });

  it.each([
    ['no scheme', 'shop.example/a'],
    ['another scheme', 'javascript:alert(1)'],
    ['no host', '/a?b=1'],
    ['no slash after the host', 'https://shop.example'],
    ['no slash before the query', 'https://shop.example?a=1'],
    ['decoded Chinese', 'https://shop.example/咖啡?q=你'],
    ['a space', 'https://shop.example/a b'],
    ['a space around it', ' https://shop.example/ '],
    ['a control character', 'https://shop.example/a\tb'],
    ['a quotation mark', 'https://shop.example/?a="b"'],
    ['a user', 'https://user:password@shop.example/'],
    ['a user before another host', 'https://shop.example@evil.com/'],
    ['a host in capital letters', 'https://Shop.example/'],
    ['the default port', 'https://shop.example:443/'],
    ['dot segments', 'https://shop.example/a/../b'],
    ['a backslash in its path', 'https://shop.example/a\\b'],
    ['two encodings', 'https%3A%2F%2Fshop.example%2F'],
  ])('rejects an address with %s and describes the right one', async (_, url) => {
    await expect(configFor(url)).rejects.toMatchObject({
      code: 'PARAM_ERROR',
      message: expect.stringContaining("encodeURIComponent(location.href.split('#')[0])"),
    });
    expect(await world.calls(GETTICKET)).toBe(0);
  });

  it.each([
    "https://shop.example/it's!$&()*+,;=:@[x]|^`{y}~",
    "https://shop.example/?a='b'|^`{c}[d]\\e/f?g",
    'https://shop.example/?',
    'https://shop.example//a//?&&b=&b',
    'https://shop.example/100%?a=%zz',
    'https://shop.example/%E5%92%96?a=1&amp;b=2',
  ])('signs the strange address %s, which some browser shows', async (url) => {
    expect(await configFor(url)).toMatchObject({ url });
  });

  it('permits the interfaces and open tags of the settings', async () => {
    const usual = await configFor('https://shop.example/');
    expect(usual.jsApiList).toEqual(
      expect.arrayContaining(['onMenuShareTimeline', 'onMenuShareQQ', 'requestMerchantTransfer', 'scanQRCode']),
    );
    expect(usual).not.toHaveProperty('openTagList');
    vi.stubEnv('JSSDK_API_LIST', 'scanQRCode, getLocation,');
    vi.stubEnv('JSSDK_OPEN_TAG_LIST', 'wx-open-launch-weapp');
    expect(await configFor('https://shop.example/')).toMatchObject({
      jsApiList: ['scanQRCode', 'getLocation'],
      openTagList: ['wx-open-launch-weapp'],
    });
  });

  it.each([
    ['JSSDK_API_LIST', 'scan QRCode'],
    ['JSSDK_API_LIST', '["scanQRCode"]'],
    ['JSSDK_API_LIST', ','],
    ['JSSDK_OPEN_TAG_LIST', 'launch-weapp'],
    ['JSSDK_OPEN_TAG_LIST', '<wx-open-launch-weapp>'],
  ])('names the setting %s for the value %s', async (setting, value) => {
    vi.stubEnv(setting, value);
    await expect(configFor('https://shop.example/')).rejects.toMatchObject({
      code: 'NOT_CONFIGURED',
      detail: { setting },
    });
  });

  it('requests one ticket and one access token for fifty cold instances', async () => {
    const configs = await Promise.all(Array.from({ length: 50 }, () => configFor('https://shop.example/')));
    expect(new Set(configs.map(({ nonceStr }) => nonceStr)).size).toBe(50);
    expect(await world.calls(GETTICKET)).toBe(1);
    expect(await world.calls('/cgi-bin/stable_token')).toBe(1);
  });

  it('renews a ticket after an hour, because WeChat always returns a lifetime of two hours', async () => {
    await configFor('https://shop.example/');
    world.clock.offsetMs = hours(0.9);
    await configFor('https://shop.example/');
    expect(await world.calls(GETTICKET)).toBe(1);
    world.clock.offsetMs = hours(1);
    await configFor('https://shop.example/');
    expect(await world.calls(GETTICKET)).toBe(2);
  });

  it('renews the access token when WeChat rejects it for the ticket', async () => {
    await world.faults('getticket', 'token-expired');
    await expect(configFor('https://shop.example/')).resolves.toMatchObject({ signature: expect.any(String) });
    expect(await world.calls(GETTICKET)).toBe(2);
  });
});
