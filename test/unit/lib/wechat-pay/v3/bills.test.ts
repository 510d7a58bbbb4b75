import { describe, expect, it } from 'vitest';
import { downloadUrl } from '../../../../../lib/wechat-pay/v3/bills.ts';

const WECHAT = 'https://api.mch.weixin.qq.com';
const LOCAL = 'http://localhost:9000';
const PATH = '/v3/billdownload/file?token=a%2Fb&x=|';

describe('downloadUrl', () => {
  it.each([
    [`${WECHAT}${PATH}`, WECHAT],
    [`https://api2.mch.weixin.qq.com${PATH}`, WECHAT],
    [`https://api.wechatpay.cn${PATH}`, WECHAT],
    [`https://api.mch.tenpay.com${PATH}`, WECHAT],
    [`${WECHAT}${PATH}`, 'https://proxy.example'],
    [`https://proxy.example${PATH}`, 'https://proxy.example'],
    [`${LOCAL}${PATH}`, LOCAL],
  ])('accepts %s unchanged with the base URL %s', (address, base) => {
    expect(downloadUrl(address, base).href).toBe(address);
  });

  it.each([
    [`https://evil.example${PATH}`, WECHAT],
    [`https://mch.weixin.qq.com.evil.example${PATH}`, WECHAT],
    [`https://evilmch.weixin.qq.com${PATH}`, WECHAT],
    [`https://evilwechatpay.cn${PATH}`, WECHAT],
    [`https://api.mch.weixin.qq.com@evil.example${PATH}`, WECHAT],
    [`https://api.mch.weixin.qq.com:8443${PATH}`, WECHAT],
    [`http://api.mch.weixin.qq.com${PATH}`, WECHAT],
    [`http://api.mch.weixin.qq.com${PATH}`, LOCAL],
    [`http://localhost:9001${PATH}`, LOCAL],
    [`http://169.254.169.254${PATH}`, LOCAL],
    ['file:///etc/passwd', LOCAL],
    ['', WECHAT],
  ])('rejects %j with the base URL %s', (address, base) => {
    expect(() => downloadUrl(address, base)).toThrow(expect.objectContaining({ code: 'WECHAT_UNAVAILABLE' }));
  });
});
