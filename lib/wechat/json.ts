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
