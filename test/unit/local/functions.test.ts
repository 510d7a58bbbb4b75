import { describe, expect, it } from 'vitest';
import { withoutStage } from '../../../infra/local/functions.ts';

describe('the environment of local functions', () => {
  it('has every setting of a stage, so that no .env.dev gets in', () => {
    const env = withoutStage({ PATH: '/bin', SITE_NAME: 'mine' });
    expect(env).toMatchObject({ CERTIFICATE_ARN: '', SCAN_LOGIN_REGISTER: '', PATH: '/bin', SITE_NAME: 'mine' });
  });
});
