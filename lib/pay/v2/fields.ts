import { AppError } from '../../errors.ts';
import { cdata, parseXml } from '../../xml.ts';

/** The elements of a v2 message: text as it stands there, no numbers, nothing trimmed. None is empty. */
export type V2Fields = Record<string, string>;

/**
 * The fields of a v2 message (pay 5.1): `<xml>`, or the `<root>` inside a refund notification. An empty element is left
 * out: it is neither signed nor does it say anything (pay 5.2).
 * @throws PARAM_ERROR for what is no flat XML: declarations, comments, nested or repeated elements, text between them
 */
export function readFields(xml: string, root = 'xml'): V2Fields {
  const fields: [string, string][] = [];
  for (const [name, value] of Object.entries(parseXml(xml, root))) {
    if (typeof value !== 'string') throw new AppError('PARAM_ERROR', 'XML with nested or repeated elements is refused');
    if (name !== '#text') fields.push([name, value]);
    else if (value.trim() !== '') throw new AppError('PARAM_ERROR', 'XML with text between its elements is refused');
  }
  return Object.fromEntries(fields.filter(([, value]) => value !== ''));
}

/** The message of these fields. A CDATA section cannot carry every character: what it leaves out is gone. */
export function writeFields(fields: V2Fields): string {
  const elements = Object.entries(fields).map(([name, value]) => `<${name}>${cdata(value)}</${name}>`);
  return `<xml>${elements.join('')}</xml>`;
}
