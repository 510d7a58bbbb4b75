import { afterEach, describe, expect, it, vi } from 'vitest';
import { settings, variable } from '../../../../lib/core/config.ts';

afterEach(() => vi.unstubAllEnvs());

describe('settings', () => {
  it('fails with the name of the setting that is missing or empty', () => {
    vi.stubEnv('MINIAPP_APP_ID', 'wx1');
    vi.stubEnv('OFFICIAL_APP_ID', ' ');
    const missing = {
      code: 'NOT_CONFIGURED',
      message: 'OFFICIAL_APP_ID is not set',
      detail: { setting: 'OFFICIAL_APP_ID' },
    };
    expect(() => settings('MINIAPP_APP_ID', 'OFFICIAL_APP_ID')).toThrow(expect.objectContaining(missing));
  });

  it('knows the hosts of WeChat', () => {
    vi.stubEnv('WECHAT_API_BASE_URL', '');
    expect(settings('WECHAT_API_BASE_URL')).toEqual({
      WECHAT_API_BASE_URL: 'https://api.weixin.qq.com',
    });
  });

  it('reads line feeds that were escaped in PEM text, and leaves other text alone', () => {
    vi.stubEnv('PAY_PUBLIC_KEY', '-----BEGIN PUBLIC KEY-----\\nAA\\n-----END PUBLIC KEY-----');
    vi.stubEnv('SITE_NAME', String.raw`a\nb`);
    expect(variable('PAY_PUBLIC_KEY')).toBe('-----BEGIN PUBLIC KEY-----\nAA\n-----END PUBLIC KEY-----');
    expect(variable('SITE_NAME')).toBe(String.raw`a\nb`);
  });
});
