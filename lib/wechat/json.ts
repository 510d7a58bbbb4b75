import { AppError } from '../core/errors.ts';
import type { XmlElement, XmlValue } from './xml.ts';

/** U+0000 to U+001F: the control characters except U+007F to U+009F, which JSON allows in a text. */
const CONTROL_CHARACTERS = /[^\P{Cc}\u007F-\u009F]/gu;

/**
 * Parses JSON of the platform. WeChat does not escape control characters in user text, so all are removed first: control
 * characters are invalid inside a string, and white space between tokens.
 * @throws SyntaxError
 */
export function parsePlatformJson(text: string): unknown {
  return JSON.parse(text.replaceAll(CONTROL_CHARACTERS, ''));
}

/** Returns a part of an answer that should be an object; an empty object in place of any other value. */
export function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** Returns a part of an answer that should be a text or a number as text; an empty text in place of any other value. */
export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** Returns a text that JSON.stringify writes without escapes, which some calls reject. Control characters become spaces. */
export function withoutEscapes(text: string): string {
  return text.toWellFormed().replaceAll(/\p{Cc}/gu, ' ');
}

/**
 * Parses a JSON message into the form of parseXml: each value is text with all its digits, because ids have 64 bits.
 * @throws PARAM_ERROR with a message that contains nothing of the text
 */
export function parsePlatformTree(text: string): XmlElement {
  let root: unknown;
  try {
    root = JSON.parse(text.replaceAll(CONTROL_CHARACTERS, ''), textValue as (key: string, value: unknown) => unknown);
  } catch (cause) {
    throw new AppError('PARAM_ERROR', 'The message is not valid JSON', { cause });
  }
  if (typeof root === 'object' && root !== null && !Array.isArray(root)) return root as XmlElement;
  throw new AppError('PARAM_ERROR', 'The message must be a JSON object');
}

/** Converts one value. JSON.parse passes the source of a number, which TypeScript does not declare yet. */
function textValue(_: string, value: unknown, { source }: { source?: string }): XmlValue {
  if (Array.isArray(value)) return (value as XmlElement[]).flat();
  if (typeof value === 'number') return source ?? String(value);
  if (typeof value === 'boolean') return String(value);
  // An escape can hold half of a character, which is no UTF-8.
  if (typeof value === 'string') return value.toWellFormed();
  return (value ?? '') as '' | XmlElement;
}
