import { XMLParser } from 'fast-xml-parser';
import { cdata } from '../core/cdata.ts';
import { AppError } from '../core/errors.ts';

const parser = new XMLParser({
  ignoreAttributes: true,
  // Values stay text: numbers would lose digits of a 64-bit MsgId and leading zeros of an EventKey.
  parseTagValue: false,
  trimValues: false,
});

/** An element with children. Text is a string, and a repeated element is an array. */
export type XmlElement = { [name: string]: XmlValue };
export type XmlValue = string | XmlElement | (string | XmlElement)[];

/**
 * The elements that contain text of users, each at most once in a message. WeChat does not escape the end of a CDATA
 * section in the text, so a user can end the section and add elements to the message.
 */
const USER_TEXTS = ['Content', 'Label', 'Poiname', 'ScanResult'];

/**
 * Parses a WeChat message and returns the children of its root `<xml>`. The message must consist of elements without
 * attributes and of CDATA sections, because WeChat sends nothing else. Markup in the text of a user stays text.
 * @throws PARAM_ERROR with a message that contains nothing of the text
 */
export function parseXml(text: string): XmlElement {
  const elements = escapeUserTexts(text.replace(DECLARATION, ''));
  if (!isSimple(elements)) {
    throw new AppError('PARAM_ERROR', 'The XML must consist of elements without attributes and of CDATA sections');
  }
  let root: unknown;
  try {
    root = (parser.parse(elements, true) as { xml?: unknown }).xml;
  } catch (cause) {
    throw new AppError('PARAM_ERROR', 'The message is not valid XML', { cause });
  }
  if (typeof root === 'object' && root !== null && !Array.isArray(root)) return root as XmlElement;
  throw new AppError('PARAM_ERROR', 'The root element of the message must be <xml>');
}

const DECLARATION = /^\s*<\?xml\s[^<>]*\?>/;

/** An element with the text of a user, and its place in the message. */
interface UserText {
  name: string;
  text: string;
  start: number;
  end: number;
}

/**
 * Escapes the texts of users. A text that is escaped already keeps its meaning. A user text inside another one is a part
 * of that text.
 * @throws PARAM_ERROR when two texts overlap: one of them contains the start or the end of the other, and could move
 * elements between them
 */
function escapeUserTexts(xml: string): string {
  const texts = USER_TEXTS.flatMap((name) => findUserText(xml, name)).toSorted((a, b) => a.start - b.start);
  let escaped = '';
  let done = 0;
  for (const { name, text, start, end } of texts) {
    if (end <= done) continue;
    if (start < done) throw new AppError('PARAM_ERROR', 'Two texts of users overlap');
    escaped += `${xml.slice(done, start)}<${name}>${cdata(text.replaceAll(']]]]><![CDATA[>', ']]>'))}</${name}>`;
    done = end;
  }
  return escaped + xml.slice(done);
}

/** Finds the element `name`, from its first start to its last end, because a text can contain both. */
function findUserText(xml: string, name: string): UserText[] {
  const [opening, closing] = [`<${name}><![CDATA[`, `]]></${name}>`];
  const [start, textEnd] = [xml.indexOf(opening), xml.lastIndexOf(closing)];
  if (start === -1 || textEnd < start) return [];
  return [{ name, text: xml.slice(start + opening.length, textEnd), start, end: textEnd + closing.length }];
}

/**
 * Whether each piece of markup is closed, and is a CDATA section or a tag without quotes. The parser then finds the
 * same pieces as this function, so that no CDATA section hides a DTD or an entity definition. The check is one pass
 * over the text.
 */
function isSimple(text: string): boolean {
  for (let start = text.indexOf('<'), end: number; start !== -1; start = text.indexOf('<', end)) {
    const isCdata = text.startsWith('<![CDATA[', start);
    end = text.indexOf(isCdata ? ']]>' : '>', start);
    if (end === -1 || (!isCdata && /^<[!?]|["']/.test(text.slice(start, end)))) return false;
  }
  return true;
}
