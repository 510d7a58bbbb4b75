import { afterEach, describe, expect, it, vi } from 'vitest';
import { settings } from '../../../../lib/core/config.ts';

afterEach(() => vi.unstubAllEnvs());

describe('settings', () => {
  it('throws NOT_CONFIGURED with the name of a missing or blank setting', () => {
    vi.stubEnv('MINIAPP_APP_ID', 'wx1');
    vi.stubEnv('OFFICIAL_APP_ID', ' ');
    const missing = {
      code: 'NOT_CONFIGURED',
      message: 'OFFICIAL_APP_ID is not set',
      detail: { setting: 'OFFICIAL_APP_ID' },
    };
    expect(() => settings('MINIAPP_APP_ID', 'OFFICIAL_APP_ID')).toThrow(expect.objectContaining(missing));
  });

  it('returns the host of WeChat as the default of a base URL', () => {
    vi.stubEnv('WECHAT_API_BASE_URL', '');
    expect(settings('WECHAT_API_BASE_URL')).toEqual({
      WECHAT_API_BASE_URL: 'https://api.weixin.qq.com',
    });
  });
});
