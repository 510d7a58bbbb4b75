import { describe, expect, it } from 'vitest';
import { readVerificationFiles, getVerificationFile } from '../../../../lib/h5/verification-file.ts';

describe('domain verification files', () => {
  const files = readVerificationFiles('{"MP_verify_abc.txt":"abc\\n","secret.txt":"x"}');

  it('are returned byte for byte', () => {
    expect(getVerificationFile(files, 'MP_verify_abc.txt')).toBe('abc\n');
  });

  it.each([
    'MP_verify_other.txt',
    'secret.txt',
    'MP_verify_abc.txt.bak',
    'MP_verify_../x.txt',
    '__proto__',
    'MP_verify_.txt',
    '',
  ])('throw NOT_FOUND for the name %j', (name) => {
    expect(() => getVerificationFile(files, name)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  });

  it.each(['x', '[1]', '{"a":1}', 'null'])('reject the setting %s', (json) => {
    expect(() => readVerificationFiles(json)).toThrow(
      expect.objectContaining({ code: 'NOT_CONFIGURED', detail: { setting: 'MP_VERIFY_FILES' } }),
    );
  });
});
