import { describe, expect, it } from 'vitest';
import { readFunctionUrlResult } from '../../../infra/local/function-url-result.ts';

const read = (value: unknown) => {
  const { body, ...rest } = readFunctionUrlResult({ value });
  return { ...rest, text: body.toString('utf8') };
};

describe('the response of a function URL', () => {
  it('has the status, headers and body of the function', () => {
    const value = { statusCode: 201, headers: { 'Content-Type': 'text/xml', 'X-N': 1 }, body: '<xml/>' };
    expect(read(value)).toEqual({ status: 201, headers: { 'content-type': 'text/xml', 'x-n': '1' }, text: '<xml/>' });
  });

  it('sets each cookie in its own header', () => {
    const { headers } = read({ statusCode: 200, cookies: ['a=1; Path=/', 'b=2'] });
    expect(headers['set-cookie']).toEqual(['a=1; Path=/', 'b=2']);
  });

  it('decodes a base64 body', () => {
    const bytes = Buffer.from([0, 255, 10, 128]);
    const value = { statusCode: 200, body: bytes.toString('base64'), isBase64Encoded: true };
    expect(readFunctionUrlResult({ value }).body).toEqual(bytes);
  });

  it('leaves the length to the server', () => {
    expect(read({ statusCode: 200, headers: { 'Content-Length': '3' }, body: 'four' }).headers).toEqual({
      'content-type': 'application/json',
    });
  });

  it.each([
    [{ ok: true }, '{"ok":true}'],
    ['success', 'success'],
    [null, 'null'],
    [undefined, ''],
  ])('is 200 and JSON for %j, a value without status', (value, text) => {
    expect(read(value)).toEqual({ status: 200, headers: { 'content-type': 'application/json' }, text });
  });

  it.each([
    [{ error: 'boom' }],
    [{ value: { statusCode: 'many' } }],
    [{ value: { statusCode: 200, body: { not: 'text' } } }],
  ])('is 502 for %j, without the reason', (result) => {
    const { status, body } = readFunctionUrlResult(result);
    expect({ status, text: body.toString() }).toEqual({ status: 502, text: 'Internal Server Error' });
  });
});
