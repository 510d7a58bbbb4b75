import { cdata } from '../../core/cdata.ts';
import { AppError } from '../../core/errors.ts';

/** The elements of a v2 message: text as it stands there, no numbers, nothing trimmed. None is empty. */
export type V2Fields = Record<string, string>;

const OPEN = /\s*<((?!__)[A-Za-z_][\w.-]*)(\/?)>/y;
const PIECE = /<!\[CDATA\[([\s\S]*?)\]\]>|([^<&]+)|&(lt|gt|amp|quot|apos|#\d{1,7}|#x[\da-fA-F]{1,6});/y;
const END = /\s*$/y;
const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/**
 * The fields of a v2 message (pay 5.1): `<xml>`, or the `<root>` inside a refund notification. A reader of its own, for
 * flat messages and nothing else (pay 7): there are no declarations in it to be misused, what is signed is read to the
 * letter, and a cold start is spared a parser for all of XML. An empty element is left out: it is neither signed nor does
 * it say anything (pay 5.2).
 * @throws PARAM_ERROR for whatever is no flat XML: DOCTYPE, comments, attributes, nested or repeated elements, text
 * between them
 */
export function readFields(xml: string, root = 'xml'): V2Fields {
  const inside = new RegExp(String.raw`^\s*(?:<\?xml [^<>?]*\?>\s*)?<${root}>([\s\S]*)</${root}>\s*$`).exec(xml)?.[1];
  if (inside === undefined) throw new AppError('PARAM_ERROR', 'This is no message of WeChat Pay');
  const fields = new Map<string, string>();
  for (let at = 0; !matchAt(END, inside, at);) {
    const field = readField(inside, at);
    if (!field || fields.has(field.name)) throw new AppError('PARAM_ERROR', 'This is no flat XML');
    fields.set(field.name, field.value);
    at = field.end;
  }
  return Object.fromEntries([...fields].filter(([, value]) => value !== ''));
}

/** The field that begins here; undefined when none does. Read in one go, so that nothing long takes long. */
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
  throw new AppError('PARAM_ERROR', 'There is no such character');
}

/** The message of these fields. A CDATA section cannot carry every character: what it leaves out is gone. */
export function writeFields(fields: V2Fields): string {
  const elements = Object.entries(fields).map(([name, value]) => `<${name}>${cdata(value)}</${name}>`);
  return `<xml>${elements.join('')}</xml>`;
}
