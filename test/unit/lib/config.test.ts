import { afterEach, describe, expect, it, vi } from 'vitest';
import { settings } from '../../../lib/config.ts';

afterEach(() => vi.unstubAllEnvs());

describe('settings', () => {
  it('fails with the name of the setting that is missing or empty', async () => {
    vi.stubEnv('MINIAPP_APP_ID', 'wx1');
    vi.stubEnv('MINIAPP_APP_SECRET', ' ');
    await expect(settings('MINIAPP_APP_ID', 'MINIAPP_APP_SECRET')).rejects.toMatchObject({
      code: 'NOT_CONFIGURED',
      message: 'MINIAPP_APP_SECRET is not set',
      detail: { setting: 'MINIAPP_APP_SECRET' },
    });
  });

  it('knows the hosts of WeChat', async () => {
    vi.stubEnv('WECHAT_API_BASE_URL', '');
    await expect(settings('WECHAT_API_BASE_URL')).resolves.toEqual({
      WECHAT_API_BASE_URL: 'https://api.weixin.qq.com',
    });
  });

  it('reads line feeds that were escaped in PEM text, and leaves other text alone', async () => {
    vi.stubEnv('PAY_PUBLIC_KEY', '-----BEGIN PUBLIC KEY-----\\nAA\\n-----END PUBLIC KEY-----');
    vi.stubEnv('SITE_NAME', String.raw`a\nb`);
    await expect(settings('PAY_PUBLIC_KEY', 'SITE_NAME')).resolves.toEqual({
      PAY_PUBLIC_KEY: '-----BEGIN PUBLIC KEY-----\nAA\n-----END PUBLIC KEY-----',
      SITE_NAME: String.raw`a\nb`,
    });
  });
});
