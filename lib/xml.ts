import { XMLParser } from 'fast-xml-parser';
import { AppError } from './errors.ts';

const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  // Every value stays text: numbers would lose the digits of a 64-bit MsgId and the zeros of an EventKey.
  parseTagValue: false,
  trimValues: false,
});

/** An element with children; text is a string, a repeated element an array. */
export type XmlElement = { [name: string]: XmlValue };
export type XmlValue = string | XmlElement | (string | XmlElement)[];

/**
 * The children of the root of a WeChat message. No DTD, no entity definitions: WeChat sends none.
 * @throws PARAM_ERROR
 */
export function parseXml(text: string, root = 'xml'): XmlElement {
  if (declares(text)) throw new AppError('PARAM_ERROR', 'XML with declarations or comments is refused');
  let message: unknown;
  try {
    message = (parser.parse(text, true) as Record<string, unknown>)[root];
  } catch (cause) {
    throw new AppError('PARAM_ERROR', 'This is not XML', { cause });
  }
  if (typeof message === 'object' && message !== null && !Array.isArray(message)) return message as XmlElement;
  throw new AppError('PARAM_ERROR', 'This is not a WeChat message');
}

/** A CDATA section, whatever people wrote into it, or any other piece of markup. */
const MARKUP = /<!\[CDATA\[[\s\S]*?\]\]>|<[^>]*/g;

function declares(text: string): boolean {
  return [...text.matchAll(MARKUP)].some(([markup]) => markup.startsWith('<!') && !markup.startsWith('<![CDATA['));
}

/** `text` as a CDATA section that it cannot leave, without the characters that XML cannot carry. */
export function cdata(text: string): string {
  const carried = text.replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '');
  return `<![CDATA[${carried.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
}
