// The two formats of pushes and their answers.
import { isRecord, parseJson } from '../http.ts';
import type { PushFormat } from '../settings.ts';
import { parseXml } from '../xml.ts';
import type { XmlFields, XmlNode } from '../xml.ts';

/** The elements of an answer. All values are text, whatever the format. */
export type Elements = Record<string, XmlNode>;

/** Writes JSON with integers of any length as bare digits. */
export function toJson(value: XmlFields[string]): string {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(toJson).join(',')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, child]) => `${JSON.stringify(name)}:${toJson(child)}`);
  return `{${fields.join(',')}}`;
}

/** Reads an answer in the format of its push. @throws Error if the answer has another form */
export function readDocument(format: PushFormat, text: string): Elements {
  const elements = format === 'json' ? readObject(text) : parseXml(text);
  const form = format === 'json' ? 'a JSON object' : '<xml>…</xml>';
  if (!elements) throw new Error(`the answer is neither success, nor empty, nor ${form}`);
  return elements;
}

/** Returns an element that is text; empty text for every other element. */
export function textOf(elements: Elements, name: string): string {
  const value = elements[name];
  return typeof value === 'string' ? value : '';
}

function readObject(text: string): Elements | undefined {
  const value = parseJson(Buffer.from(text));
  return isRecord(value) ? (toNode(value) as Elements) : undefined;
}

function toNode(value: unknown): XmlNode {
  if (Array.isArray(value)) return value.map(toNode);
  if (!isRecord(value)) return String(value ?? '');
  return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, toNode(child)]));
}
