import { XMLParser } from 'fast-xml-parser';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../../lib/core/errors.ts';
import { readFields, writeFields } from '../../../../../lib/wechat-pay/v2/fields.ts';

const refusal = (xml: string): string | undefined => {
  try {
    readFields(xml);
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
};

describe('the reader of flat XML', () => {
  const name = fc.stringMatching(/^[a-z][a-z_0-9]{0,8}$/);
  const text = fc.string({ unit: fc.constantFrom('a', ' ', '0', '中', '\n', ']', '>', '"', "'", '&', '<') });
  const escaped = (value: string) => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

  it('reads what it writes, to the letter', () => {
    fc.assert(
      fc.property(fc.dictionary(name, text), (fields) => {
        const filled = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
        expect(readFields(writeFields(fields))).toEqual(filled);
      }),
    );
  });

  it('agrees with a reader of all XML on what is flat', () => {
    const parser = new XMLParser({ parseTagValue: false, trimValues: false });
    const element = fc.tuple(name, text, fc.boolean());
    const list = fc.uniqueArray(element, { selector: ([key]) => key, minLength: 1 });
    fc.assert(
      fc.property(list, (elements) => {
        const inside = elements.map(([key, value, sealed]) => {
          const carried = sealed ? `<![CDATA[${value.replaceAll(']]>', '')}]]>` : escaped(value);
          return `<${key}>${carried}</${key}>`;
        });
        const xml = `<xml>${inside.join('')}</xml>`;
        const theirs = (parser.parse(xml) as { xml: Record<string, string> }).xml;
        expect(readFields(xml)).toEqual(Object.fromEntries(Object.entries(theirs).filter(([, value]) => value !== '')));
      }),
    );
  });

  it('reads entities, also of numbers', () => {
    expect(readFields('<xml><a>&lt;&amp;&gt;&quot;&apos;&#39;&#x4e2d;</a><b/><c></c></xml>')).toEqual({
      a: `<&>"''中`,
    });
  });

  it.each([
    ['an entity of its own', '<xml><a>&x;</a></xml>'],
    ['a character that is none', '<xml><a>&#0;</a></xml>'],
    ['a character beyond all', '<xml><a>&#x110000;</a></xml>'],
    ['an attribute', '<xml><a b="c">1</a></xml>'],
    ['a comment', '<xml><!-- x --><a>1</a></xml>'],
    ['an instruction', '<xml><?x y?><a>1</a></xml>'],
    ['an end that is another', '<xml><a>1</b></xml>'],
    ['no end', '<xml><a>1'],
    ['two roots', '<xml><a>1</a></xml><xml><b>1</b></xml>'],
    ['text between elements', '<xml><a>1</a>x<b>1</b></xml>'],
    ['a name that means something to JavaScript', '<xml><__proto__>1</__proto__></xml>'],
  ])('refuses %s', (_, xml) => {
    expect(refusal(xml)).toBe('PARAM_ERROR');
  });

  it('refuses nonsense of any kind, never breaks, and takes no longer for what is long', () => {
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
        expect([undefined, 'PARAM_ERROR']).toContain(refusal(pieces.join('')));
      }),
    );
    for (const long of [
      'x'.repeat(60_000),
      '&amp;'.repeat(12_000),
      '<![CDATA[x]]>'.repeat(4_500),
      '<a>'.repeat(20_000),
    ]) {
      expect(refusal(`<xml><a>${long}</b></xml>`)).toBe('PARAM_ERROR');
      expect(refusal(`<xml>${long}`)).toBe('PARAM_ERROR');
    }
  });
});
