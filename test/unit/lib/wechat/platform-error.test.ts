import { describe, expect, it } from 'vitest';
import { platformError, PlatformError } from '../../../../lib/wechat/platform-error.ts';
import { cdata, parseXml } from '../../../../lib/wechat/xml.ts';

describe('platform errors', () => {
  it.each([
    [40029, 'WECHAT_CODE_INVALID'],
    [40163, 'WECHAT_CODE_INVALID'],
    [40226, 'WECHAT_USER_BLOCKED'],
    [45009, 'RATE_LIMITED'],
    [45011, 'RATE_LIMITED'],
    [40013, 'WECHAT_CONFIG'],
    [40125, 'WECHAT_CONFIG'],
    [40164, 'WECHAT_CONFIG'],
    [48001, 'WECHAT_CONFIG'],
    [-1, 'WECHAT_UNAVAILABLE'],
    [40001, 'WECHAT_UNAVAILABLE'],
    [99999, 'WECHAT_UNAVAILABLE'],
  ])('%i is %s', (errcode, code) => {
    expect(platformError('MINIAPP', new PlatformError(errcode, ''))).toMatchObject({ code });
  });

  it.each([40164, 61004, 45035])('%i names the address to whitelist', (errcode) => {
    const cause = new PlatformError(errcode, 'invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist rid: 65-aa-bb');
    expect(platformError('OFFICIAL', cause).message).toBe(
      'The IP address 1.2.3.4 is not on the WeChat whitelist of OFFICIAL_APP_ID',
    );
  });

  it("keeps nothing of WeChat's text but its trace id", () => {
    const error = new PlatformError(40013, 'invalid appid wx123 hint: secret rid: 658cff8e-7783352d-44cb33e5');
    expect(error.message).toBe('errcode 40013 (rid: 658cff8e-7783352d-44cb33e5)');
  });
});

describe('XML', () => {
  it('cannot be left through a CDATA section', () => {
    const text = 'a]]></Content><MsgType>x</MsgType><![CDATA[';
    expect(parseXml(`<xml><Content>${cdata(text)}</Content></xml>`)).toEqual({ Content: text });
  });
});
