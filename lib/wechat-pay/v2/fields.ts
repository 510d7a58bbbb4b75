import { cdata } from '../../core/cdata.ts';
import { AppError } from '../../core/errors.ts';

/** The elements of a message of API v2. Each value is the exact text, untrimmed. */
export type V2Fields = Record<string, string>;

const OPEN = /\s*<((?!__)[A-Za-z_][\w.-]*)(\/?)>/y;
const PIECE = /<!\[CDATA\[([\s\S]*?)\]\]>|([^<&]+)|&(lt|gt|amp|quot|apos|#\d{1,7}|#x[\da-fA-F]{1,6});/y;
const END = /\s*$/y;
const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/**
 * Reads the fields of a message of API v2. This parser supports flat messages only: it reads no DTD or entity
 * definition that an attacker could exploit, keeps signed values exact, and adds little to a cold start. Empty elements
 * are omitted, because the signature does not cover them.
 * @param root the root element: `xml`, or `root` inside a refund notification
 * @throws PARAM_ERROR for any other XML: DOCTYPE, comments, attributes, nested or repeated elements, text between
 * elements
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011941549
 */
export function readFields(xml: string, root = 'xml'): V2Fields {
  const inside = new RegExp(String.raw`^\s*(?:<\?xml [^<>?]*\?>\s*)?<${root}>([\s\S]*)</${root}>\s*$`).exec(xml)?.[1];
  if (inside === undefined) throw new AppError('PARAM_ERROR', `The message must be one <${root}> element`);
  const fields = new Map<string, string>();
  for (let at = 0; !matchAt(END, inside, at);) {
    const field = readField(inside, at);
    if (!field || fields.has(field.name)) throw new AppError('PARAM_ERROR', 'The message is not flat XML');
    fields.set(field.name, field.value);
    at = field.end;
  }
  return Object.fromEntries([...fields].filter(([, value]) => value !== ''));
}

/** Reads the field that begins at `from`, or returns undefined. One pass over the text keeps the time linear. */
function readField(text: string, from: number): { name: string; value: string; end: number } | undefined {
  const open = matchAt(OPEN, text, from);
  if (!open) return undefined;
  const [tag, name = '', isEmpty] = open;
  let at = from + tag.length;
  let value = '';
  for (let piece = isEmpty ? null : matchAt(PIECE, text, at); piece; piece = matchAt(PIECE, text, at)) {
    value += piece[1] ?? piece[2] ?? entity(piece[3]!);
    at += piece[0].length;
  }
  if (isEmpty) return { name, value, end: at };
  const close = `</${name}>`;
  return text.startsWith(close, at) ? { name, value, end: at + close.length } : undefined;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function entity(name: string): string {
  if (!name.startsWith('#')) return ENTITIES[name]!;
  const code = name.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  if (code > 0 && code <= 0x10_ff_ff) return String.fromCodePoint(code);
  throw new AppError('PARAM_ERROR', 'A character reference of the XML is not valid');
}

/** Writes a message of API v2. Characters that XML forbids are dropped. */
export function writeFields(fields: V2Fields): string {
  const elements = Object.entries(fields).map(([name, value]) => `<${name}>${cdata(value)}</${name}>`);
  return `<xml>${elements.join('')}</xml>`;
}
