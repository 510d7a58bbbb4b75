import { describe, expect, it } from 'vitest';
import { SECRET_NAMES, type SecretName } from '../../../lib/core/config.ts';
import { assertRemovable } from '../../../infra/ops/secrets/remove.ts';

const ALL = { MINIAPP_APP_ID: 'wx1', OFFICIAL_APP_ID: 'wx2', OFFICIAL_MODE: 'secure', PAY_MCH_ID: '19' };
const stored = new Set<string>(SECRET_NAMES);
const remove =
  (names: SecretName[], variables: Record<string, string> | undefined = ALL) =>
  () =>
    assertRemovable(names, { stored, variables });

describe('assertRemovable', () => {
  it.each<[string, SecretName[], Record<string, string>]>([
    ['a value of before', ['PAY_API_V3_KEY_PREVIOUS', 'OFFICIAL_AES_KEY_PREVIOUS'], ALL],
    ['a pair that need not be there', ['PAY_PUBLIC_KEY', 'PAY_PUBLIC_KEY_ID'], ALL],
    ['the key of the protocol that is not used', ['PAY_API_V2_KEY'], ALL],
    ['those of the other', ['PAY_API_V3_KEY', 'PAY_MCH_CERT_SERIAL', 'PAY_MCH_PRIVATE_KEY'], { ...ALL, PAY_API: 'v2' }],
    ['what plain mode does not use', ['OFFICIAL_AES_KEY'], { ...ALL, OFFICIAL_MODE: 'plain' }],
    ['what belongs to a part that is not set up', ['OFFICIAL_APP_SECRET', 'OFFICIAL_TOKEN'], { MINIAPP_APP_ID: 'wx1' }],
  ])('accepts %s: %j', (_what, names, variables) => {
    expect(remove(names, variables)).not.toThrow();
  });

  it('accepts every name when the stage is gone', () => {
    expect(() => assertRemovable([...SECRET_NAMES], { stored, variables: undefined })).not.toThrow();
  });

  it.each<SecretName[]>([
    ['PAY_PUBLIC_KEY'],
    ['PAY_PUBLIC_KEY_ID'],
    ['PAY_MCH_PRIVATE_KEY'],
    ['PAY_API_V3_KEY_PREVIOUS', 'PAY_MCH_CERT_SERIAL'],
  ])('rejects half a pair: %s', (...names) => {
    expect(remove(names)).toThrow(/ go together: nothing was removed\. Give both: remove /);
  });

  it('accepts half a pair whose partner is not stored', () => {
    expect(() =>
      assertRemovable(['PAY_PUBLIC_KEY'], { stored: new Set(['PAY_PUBLIC_KEY']), variables: ALL }),
    ).not.toThrow();
  });

  it.each<[SecretName, Record<string, string>]>([
    ['JWT_SIGNING_KEYS', {}],
    ['MINIAPP_APP_SECRET', ALL],
    ['OFFICIAL_AES_KEY', ALL],
    ['PAY_API_V3_KEY', ALL],
    ['PAY_API_V2_KEY', { ...ALL, PAY_API: 'v2' }],
  ])('rejects a secret that the stage needs: %s', (name, variables) => {
    expect(remove([name], variables)).toThrow(`${name} is in use: nothing was removed.`);
  });

  it('rejects all names when one of them is not stored', () => {
    const two: SecretName[] = ['PAY_API_V2_KEY', 'PAY_API_V3_KEY_PREVIOUS'];
    expect(() => assertRemovable(two, { stored: new Set(['PAY_API_V2_KEY']), variables: ALL })).toThrow(
      'PAY_API_V3_KEY_PREVIOUS is not stored: nothing was removed.',
    );
  });
});
