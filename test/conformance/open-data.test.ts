// Official samples of open data (rawData signature, encryptedData) and of the login-state signature.
import { createHmac } from 'node:crypto';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { openRawData, openSealedData, userOfInfo } from '../../lib/wechat/open-data.ts';
import { signLoginState } from '../../lib/wechat/session-key.ts';

const EXPIRED = expect.objectContaining({ code: 'SESSION_EXPIRED' });

describe('openRawData (服务端获取开放数据)', () => {
  const sessionKey = 'HyVFkGl5F5OQWJZZaNzBBg==';
  const rawData =
    '{"nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN",' +
    '"avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/1vZvI39NWFQ9XM4LtQpFrQJ1xlgZxx3w7bQxKARol6503Iuswjjn6nIGBiaycAjAtp' +
    'ujxyzYsrztuuICqIM5ibXQ/0"}';
  const signature = '75e81ceda165f4ffa64f4068af58c64b8f54b88c';

  it('accepts the official sample', () => {
    expect(openRawData({ rawData, signature }, sessionKey)).toEqual({
      nickName: 'Band',
      avatarUrl: expect.stringMatching(/^http:\/\/wx\.qlogo\.cn\/.*\/0$/) as string,
    });
  });

  it.each([
    ['another key', rawData, signature, 'tiihtNczf5v6AKRyjwEUhQ=='],
    ['no key', rawData, signature, undefined],
    ['a changed text', `${rawData} `, signature, sessionKey],
    ['a short signature', rawData, signature.slice(0, 38), sessionKey],
    ['no signature', rawData, '', sessionKey],
  ])('rejects %s', (_, text, signed, key) => {
    expect(() => openRawData({ rawData: text, signature: signed }, key)).toThrow(EXPIRED);
  });
});

describe('openSealedData (official demo)', () => {
  const appId = 'wx4f4bc4dec97d474b';
  const sessionKey = 'tiihtNczf5v6AKRyjwEUhQ==';
  const nowMs = 1_477_314_187_000;
  const sealed = {
    iv: 'r7BXXKkLb8qrSNn05n0qiA==',
    encryptedData:
      'CiyLU1Aw2KjvrjMdj8YKliAjtP4gsMZMQmRzooG2xrDcvSnxIMXFufNstNGTyaGS9uT5geRa0W4oTOb1WT7fJlAC+oNPdbB+3hVbJSRgv+4l' +
      'GOETKUQz6OYStslQ142dNCuabNPGBzlooOmB231qMM85d2/fV6ChevvXvQP8Hkue1poOFtnEtpyxVLW1zAo6/1Xx1COxFvrc2d7UL/lmHIn' +
      'NlxuacJXwu0fjpXfz/YqYzBIBzD6WUfTIF9GRHpOn/Hz7saL8xz+W//FRAUid1OksQaQx4CMs8LOddcQhULW4ucetDf96JcR3g0gfRK4PC7' +
      'E/r7Z6xNrXd2UIeorGj5Ef7b1pJAYB6Y5anaHqZ9J6nKEBvB4DnNLIVWSgARns/8wR2SiRS7MNACwTyrGvt9ts8p12PKFdlqYTopNHR1Vf7' +
      'XjfhQlVsAJdNiKdYmYVoKlaRv85IfVunYzO0IKXsyl7JCUjCpoG20f0a04COwfneQAGGwd5oa+T8yO5hzuyDb/XcxxmK01EpqOyuxINew==',
  };
  const open = (keys = {}, data = sealed) => openSealedData(userOfInfo, data, { sessionKey, appId, nowMs, ...keys });

  it('opens the official sample', () => {
    const payload = openSealedData(v.looseObject({}), sealed, { sessionKey, appId, nowMs });
    expect(payload).toEqual({
      openId: 'oGZUI0egBJY1zhBYw2KhdUfwVJJE',
      nickName: 'Band',
      gender: 1,
      language: 'zh_CN',
      city: 'Guangzhou',
      province: 'Guangdong',
      country: 'CN',
      avatarUrl:
        'http://wx.qlogo.cn/mmopen/vi_32/aSKcBBPpibyKNicHNTMM0qJVh8Kjgiak2AHWr8MHM4WgMEm7GFhsf8OYrySdbvAMvTsw3mo8ibKicsnfN5pRjl1p8HQ/0',
      unionId: 'ocMvos6NjeKLIBqg5Mr9QjxrP1FA',
      watermark: { timestamp: 1_477_314_187, appid: appId },
    });
    expect(open()).toEqual({ openId: 'oGZUI0egBJY1zhBYw2KhdUfwVJJE' });
  });

  it.each([
    ['of another app', { appId: 'wx0000000000000000' }],
    ['older than five minutes', { nowMs: nowMs + 301_000 }],
    ['from the future', { nowMs: nowMs - 301_000 }],
    ['with another key', { sessionKey: 'HyVFkGl5F5OQWJZZaNzBBg==' }],
    ['with a key of 15 bytes', { sessionKey: Buffer.alloc(15).toString('base64') }],
    ['without a key', { sessionKey: undefined }],
  ])('rejects data %s', (_, keys) => {
    expect(() => open(keys)).toThrow(EXPIRED);
  });

  it('rejects data of another kind', () => {
    const other = v.object({ purePhoneNumber: v.string() });
    expect(() => openSealedData(other, sealed, { sessionKey, appId, nowMs })).toThrow(EXPIRED);
  });

  it('rejects every changed byte with the same code, so that it is no padding oracle', () => {
    const bytes = Buffer.from(sealed.encryptedData, 'base64');
    for (let at = 0; at < bytes.length; at += 7) {
      const flipped = Buffer.from(bytes);
      flipped[at]! ^= 0x80;
      const outcome = attempt(() => open({}, { ...sealed, encryptedData: flipped.toString('base64') }));
      // A changed byte of an unchecked field, such as the nickname, may still open.
      expect(['SESSION_EXPIRED', 'opened']).toContain(outcome);
    }
  });

  function attempt(run: () => unknown): string {
    try {
      run();
      return 'opened';
    } catch (error) {
      return (error as { code: string }).code;
    }
  }
});

describe('signLoginState (用户登录态签名)', () => {
  const key = 'o0q0otL8aEzpcZL/FT9WsQ==';

  it('signs the official sample with the base64 text of the key, not with its bytes', () => {
    const signature = '654571f79995b2ce1e149e53c0a33dc39c0a74090db514261454e8dbe432aa0b';
    expect(signLoginState(key, '{"foo":"bar"}')).toBe(signature);
    const decoded = createHmac('sha256', Buffer.from(key, 'base64')).update('{"foo":"bar"}').digest('hex');
    expect(decoded).not.toBe(signature);
  });

  it('signs a request without a body (computed sample)', () => {
    expect(signLoginState(key)).toBe('46e043c5525c2d817c44be603d30837a808a1d930d038f6fdc3e62a201fed128');
  });
});
