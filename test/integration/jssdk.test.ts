import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { getJssdkConfig } from '../../lib/h5/jssdk-config.ts';
import { loadJssdk } from '../../lib/wiring/h5.ts';
import { createWorld, ids, type World } from '../support/world.ts';

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

  it.each([
    'https://shop.example.evil.com/',
    'https://evil.com/?https://shop.example/',
    'https://shop.example@evil.com/',
    'http://shop.example/',
    'https://shop.example:8443/',
    'javascript:alert(1)',
  ])('rejects the foreign URL %s without a call to WeChat', async (url) => {
    await expect(configFor(url)).rejects.toMatchObject({ code: 'ORIGIN_NOT_ALLOWED' });
    expect(await world.calls(GETTICKET)).toBe(0);
  });

  it('rejects a URL without a scheme', async () => {
    await expect(configFor('shop.example/a')).rejects.toMatchObject({ code: 'PARAM_ERROR' });
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
