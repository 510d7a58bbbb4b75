import { XMLParser } from 'fast-xml-parser';
import { AppError } from '../core/errors.ts';

const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  // Values stay text: numbers would lose digits of a 64-bit MsgId and leading zeros of an EventKey.
  parseTagValue: false,
  trimValues: false,
});

/** An element with children. Text is a string, and a repeated element is an array. */
export type XmlElement = { [name: string]: XmlValue };
type XmlValue = string | XmlElement | (string | XmlElement)[];

/**
 * Parses a WeChat message and returns the children of its root `<xml>`. DTDs, entity definitions and comments
 * are rejected, because WeChat never sends them.
 * @throws PARAM_ERROR
 */
export function parseXml(text: string): XmlElement {
  if (declares(text))
    throw new AppError('PARAM_ERROR', 'The XML must not contain a DTD, an entity definition or a comment');
  let root: unknown;
  try {
    root = (parser.parse(text, true) as { xml?: unknown }).xml;
  } catch (cause) {
    throw new AppError('PARAM_ERROR', 'The message is not valid XML', { cause });
  }
  if (typeof root === 'object' && root !== null && !Array.isArray(root)) return root as XmlElement;
  throw new AppError('PARAM_ERROR', 'The root element of the message must be <xml>');
}

/** A CDATA section with any content, or another piece of markup. */
const MARKUP = /<!\[CDATA\[[\s\S]*?\]\]>|<[^>]*/g;

function declares(text: string): boolean {
  return [...text.matchAll(MARKUP)].some(([markup]) => markup.startsWith('<!') && !markup.startsWith('<![CDATA['));
}
