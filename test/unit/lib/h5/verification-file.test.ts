import { describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../../../../lib/http/openapi/endpoints.ts';
import type { Endpoint } from '../../../../lib/http/endpoint.ts';
import { readVerificationFiles, getVerificationFile } from '../../../../lib/h5/verification-file.ts';

/** The paths of one segment that `GET` requests reach before `/{file}`. */
const OTHER_NAMES = Object.values(ENDPOINTS)
  .flatMap((tagged) => Object.values<Endpoint>(tagged))
  .filter(({ method, path }) => method === 'GET' && /^\/[^/{]+$/.test(path))
  .map(({ path }) => path.slice(1));

describe('domain verification files', () => {
  const names = [
    'MP_verify_abc.txt',
    'Ab3dE5fGh1.txt',
    'google-1.html',
    'robots.txt',
    'plain',
    '__proto__',
    'toString',
  ];
  const files = readVerificationFiles(
    `{${names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(`of ${name}\n`)}`).join()}}`,
  );

  it.each(names)('are returned byte for byte, also with the name %s', (name) => {
    expect(getVerificationFile(files, name)).toBe(`of ${name}\n`);
  });

  it.each(['MP_verify_other.txt', 'MP_verify_abc.txt.bak', 'constructor', 'ab3de5fgh1.txt', ''])(
    'throw NOT_FOUND for the name %j',
    (name) => {
      expect(() => getVerificationFile(files, name)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
      expect(() => getVerificationFile(new Map(), name)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
    },
  );

  const notConfigured = expect.objectContaining({ code: 'NOT_CONFIGURED', detail: { setting: 'MP_VERIFY_FILES' } });

  it.each(['x', '[1]', '["MP_verify_abc.txt"]', '"a"', '5', '{"a":1}', 'null'])('reject the setting %s', (json) => {
    expect(() => readVerificationFiles(json)).toThrow(notConfigured);
  });

  it.each(['', '.', '..', '.txt', 'a/b.txt', '../a.txt', 'a\\b.txt', 'a b.txt', 'a%2Fb.txt', 'a?b', 'a#b', '咖啡.txt'])(
    'reject the name %j, which is no plain file name',
    (name) => {
      expect(() => readVerificationFiles(JSON.stringify({ [name]: 'x' }))).toThrow(notConfigured);
    },
  );

  it('reject every name that another route serves', () => {
    expect(OTHER_NAMES).toEqual(expect.arrayContaining(['health', 'openapi.json', 'me']));
    for (const name of OTHER_NAMES) {
      expect(() => readVerificationFiles(JSON.stringify({ [name]: 'x' })), name).toThrow(notConfigured);
    }
  });
});
