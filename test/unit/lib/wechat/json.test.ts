import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePlatformJson } from '../../../../lib/wechat/json.ts';

describe('parsePlatformJson', () => {
  it('removes raw control characters inside a text', () => {
    expect(parsePlatformJson('{"nickname":"a\u0007b\u0014\tc","city":"\n"}')).toEqual({ nickname: 'abc', city: '' });
  });

  it('keeps escaped control characters and white space between tokens', () => {
    expect(parsePlatformJson('{\r\n\t"a": [1,\n2, "x\\ty"]\n}\n')).toEqual({ a: [1, 2, 'x\ty'] });
  });

  it('parses valid JSON like JSON.parse, in any layout', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), fc.constantFrom('', '\t', '\n'), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parsePlatformJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('keeps the control characters that JSON allows in a text', () => {
    expect(parsePlatformJson('"a\u007Fb\u0085c"')).toBe('a\u007Fb\u0085c');
  });

  it('rejects a text that is not JSON', () => {
    expect(() => parsePlatformJson('<html>')).toThrow(SyntaxError);
  });
});
