import { describe, expect, it } from 'vitest';
import { typedProfile, wechatProfile } from '../../../../lib/identity/profile-values.ts';

const PICTURE = 'https://thirdwx.qlogo.cn/mmopen/vi_32/abc/132';
const GREY =
  'https://thirdwx.qlogo.cn/mmopen/vi_32/POgEwh4mIHO4nibH0KlMECNjjGxQUq24ZEaGT4poC6icRiccVGKSyXwibcPq4BWmiaIGuG1icwxaQX6grC9VemZoJ8rg/132';
const GREY_OF_PLUGINS =
  'https://mmbiz.qpic.cn/mmbiz/icTdbqWNOwNRna42FI242Lcia07jQodd2FJGIYQfG0LAJGFxM4FbnQP6yfMxBgJ0F3YRqJCJ1aPAK2dQagdusBZg/0';
const GREYS = [GREY, GREY.replace('https', 'http').replace('/132', '/0'), GREY_OF_PLUGINS];

describe('wechatProfile', () => {
  it('leaves out the placeholder name and any picture that comes with it', () => {
    for (const avatarUrl of [...GREYS, PICTURE, '']) {
      expect(wechatProfile({ nickname: '微信用户', avatarUrl })).toEqual({});
    }
    expect(wechatProfile({ nickname: '\u2066微信用户\u2069 ', avatarUrl: PICTURE })).toEqual({});
  });

  it('leaves out a known grey picture that comes with a real name', () => {
    for (const avatarUrl of GREYS) expect(wechatProfile({ nickname: '李雷', avatarUrl })).toEqual({ nickname: '李雷' });
  });

  it('cleans the name, and leaves out a name without a visible character', () => {
    expect(wechatProfile({ nickname: ' 李\u0007雷\u202E', avatarUrl: PICTURE })).toEqual({
      nickname: '李雷',
      avatarUrl: PICTURE,
    });
    expect(wechatProfile({ nickname: '\u3164', avatarUrl: PICTURE })).toEqual({ avatarUrl: PICTURE });
  });

  it('returns the address of a picture with https, and leaves out an invalid address', () => {
    expect(wechatProfile({ nickname: '', avatarUrl: PICTURE.replace('https', 'http') })).toEqual({
      avatarUrl: PICTURE,
    });
    expect(wechatProfile({ nickname: '', avatarUrl: 'x' })).toEqual({});
  });
});

describe('typedProfile', () => {
  it('leaves out the placeholder name but keeps a picture of the user', () => {
    const avatarUrl = 'https://cdn.example.com/a.png';
    expect(typedProfile({ nickname: '微信用户', avatarUrl })).toEqual({ avatarUrl });
    for (const grey of GREYS.filter((url) => url.startsWith('https'))) {
      expect(typedProfile({ nickname: '李雷', avatarUrl: grey })).toEqual({ nickname: '李雷' });
    }
  });

  it.each([
    'http://tmp/kMqaeEnKgQ7_.jpeg',
    'https://tmp/kMqaeEnKgQ7_.jpeg',
    'wxfile://tmp_4f1a.jpg',
    'WXFILE://usr/a.jpg',
    'http://127.0.0.1:47692/__tmp__/a.jpeg',
    'http://localhost:47692/__store__/a.jpeg',
  ])('explains that %s is a temporary file', (avatarUrl) => {
    expect(() => typedProfile({ avatarUrl })).toThrow(
      expect.objectContaining({
        code: 'PARAM_ERROR',
        message: 'body.avatarUrl: is a temporary file of the phone; send it to POST /uploads, then send avatarUploadId',
      }),
    );
  });

  it('accepts a picture of a host whose name only begins like a temporary file', () => {
    const avatarUrl = 'https://tmp.example.com/a.png';
    expect(typedProfile({ avatarUrl })).toEqual({ avatarUrl });
  });
});
