import { describe, expect, it } from 'vitest';
import { hideStageSettings } from '../../../infra/local/functions.ts';

describe('hideStageSettings', () => {
  it('sets every setting of a stage, so that .env.dev has no effect', () => {
    const env = hideStageSettings({ PATH: '/bin', SITE_NAME: 'mine' });
    expect(env).toMatchObject({ CERTIFICATE_ARN: '', SCAN_LOGIN_REGISTER: '', PATH: '/bin', SITE_NAME: 'mine' });
  });
});
