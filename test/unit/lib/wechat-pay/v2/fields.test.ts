import { XMLParser } from 'fast-xml-parser';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../../lib/core/errors.ts';
import { readFields, writeFields } from '../../../../../lib/wechat-pay/v2/fields.ts';

const errorCode = (xml: string): string | undefined => {
  try {
    readFields(xml);
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
};

describe('readFields', () => {
  const name = fc.stringMatching(/^[a-z][a-z_0-9]{0,8}$/);
  const text = fc.string({ unit: fc.constantFrom('a', ' ', '0', '中', '\n', ']', '>', '"', "'", '&', '<') });
  const escaped = (value: string) => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

  it('returns the fields that writeFields wrote, unchanged', () => {
    fc.assert(
      fc.property(fc.dictionary(name, text), (fields) => {
        const filled = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
        expect(readFields(writeFields(fields))).toEqual(filled);
      }),
    );
  });

  it('agrees with a general XML parser on flat XML', () => {
    const parser = new XMLParser({ parseTagValue: false, trimValues: false });
    const element = fc.tuple(name, text, fc.boolean());
    const list = fc.uniqueArray(element, { selector: ([key]) => key, minLength: 1 });
    fc.assert(
      fc.property(list, (elements) => {
        const inside = elements.map(([key, value, asCdata]) => {
          const content = asCdata ? `<![CDATA[${value.replaceAll(']]>', '')}]]>` : escaped(value);
          return `<${key}>${content}</${key}>`;
        });
        const xml = `<xml>${inside.join('')}</xml>`;
        const parsed = (parser.parse(xml) as { xml: Record<string, string> }).xml;
        expect(readFields(xml)).toEqual(Object.fromEntries(Object.entries(parsed).filter(([, value]) => value !== '')));
      }),
    );
  });

  it('resolves named and numeric entities', () => {
    expect(readFields('<xml><a>&lt;&amp;&gt;&quot;&apos;&#39;&#x4e2d;</a><b/><c></c></xml>')).toEqual({
      a: `<&>"''中`,
    });
  });

  it.each([
    ['an undefined entity', '<xml><a>&x;</a></xml>'],
    ['a forbidden character reference', '<xml><a>&#0;</a></xml>'],
    ['a character reference beyond Unicode', '<xml><a>&#x110000;</a></xml>'],
    ['an attribute', '<xml><a b="c">1</a></xml>'],
    ['a comment', '<xml><!-- x --><a>1</a></xml>'],
    ['a processing instruction', '<xml><?x y?><a>1</a></xml>'],
    ['a mismatched end tag', '<xml><a>1</b></xml>'],
    ['missing end tags', '<xml><a>1'],
    ['two roots', '<xml><a>1</a></xml><xml><b>1</b></xml>'],
    ['text between elements', '<xml><a>1</a>x<b>1</b></xml>'],
    ['an element named __proto__', '<xml><__proto__>1</__proto__></xml>'],
  ])('rejects XML with %s', (_, xml) => {
    expect(errorCode(xml)).toBe('PARAM_ERROR');
  });

  it('rejects any invalid XML with PARAM_ERROR, also if it is long', () => {
    const piece = fc.constantFrom(
      '<xml>',
      '</xml>',
      '<a>',
      '</a>',
      '<![CDATA[',
      ']]>',
      '&',
      '&amp;',
      'x',
      ' ',
      '<',
      '>',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        expect([undefined, 'PARAM_ERROR']).toContain(errorCode(pieces.join('')));
      }),
    );
    for (const long of [
      'x'.repeat(60_000),
      '&amp;'.repeat(12_000),
      '<![CDATA[x]]>'.repeat(4_500),
      '<a>'.repeat(20_000),
    ]) {
      expect(errorCode(`<xml><a>${long}</b></xml>`)).toBe('PARAM_ERROR');
      expect(errorCode(`<xml>${long}`)).toBe('PARAM_ERROR');
    }
  });
});
