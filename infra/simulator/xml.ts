import { XMLParser, XMLValidator } from 'fast-xml-parser';

type XmlContent = string | number | bigint | XmlFields;

/** Elements by name; a list is the same element several times. */
export interface XmlFields {
  [name: string]: XmlContent | XmlContent[];
}

/** Parsed content: text or elements. */
export type XmlNode = string | XmlNode[] | { [name: string]: XmlNode };

const parser = new XMLParser({ parseTagValue: false, trimValues: false });

type WriteText = (text: string) => string;

/** Writes a CDATA section. Splits each `]]>` across two sections. */
const escapedText: WriteText = (text) => rawText(text.replaceAll(']]>', ']]]]><![CDATA[>'));
/** Writes a CDATA section without escaping its content, which may make the document ill-formed. */
export const rawText: WriteText = (text) => `<![CDATA[${text}]]>`;

/** `<xml>` in WeChat's style: text in CDATA, numbers bare. */
export function toXml(fields: XmlFields, writeText: WriteText = escapedText): string {
  return `<xml>${writeElements(fields, writeText).join('\n')}\n</xml>`;
}

/** Parses the elements under `<xml>`, all values as text; undefined if the document has another form. */
export function parseXml(text: string): Record<string, XmlNode> | undefined {
  const trimmed = text.trim();
  if (!trimmed.startsWith('<xml>') || XMLValidator.validate(trimmed) !== true) return undefined;
  const { xml } = parser.parse(trimmed) as { xml: XmlNode };
  return typeof xml === 'object' && !Array.isArray(xml) ? xml : undefined;
}

/** Converts field names to JSON style: `MediaId` to `mediaId`. Drops text between the elements. */
export function lowerFirst<Value>(elements: Record<string, Value>): Record<string, Value> {
  const named = Object.entries(elements).filter(([name]) => !name.startsWith('#'));
  return Object.fromEntries(named.map(([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), value]));
}

function writeElements(fields: XmlFields, writeText: WriteText): string[] {
  return Object.entries(fields).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => `<${name}>${writeContent(one, writeText)}</${name}>`),
  );
}

function writeContent(value: XmlContent, writeText: WriteText): string {
  if (typeof value === 'string') return writeText(value);
  return typeof value === 'object' ? writeElements(value, writeText).join('') : String(value);
}
