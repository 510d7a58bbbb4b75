/** Maximum length in characters as a reader counts them, so a family emoji is one character. */
export const MAX_NAME_LENGTH = 64;
/** Maximum length in UTF-8: four bytes for each character on average. */
export const MAX_NAME_BYTES = 4 * MAX_NAME_LENGTH;

/**
 * Characters that are removed from a name: control characters, lone surrogates, line and paragraph separators, marks
 * and overrides of the text direction, deprecated format controls, annotation marks, U+FEFF and noncharacters.
 */
const REMOVED =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\u206A-\u206F\uFFF9-\uFFFB\uFEFF\p{Noncharacter_Code_Point}]/gu;
/** A visible character. The last five of the excluded ones are blank in every font, but are letters or symbols to Unicode. */
const VISIBLE = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{M}\p{Cf}\u2800\uFFFC\u{13441}\u{13442}\u{1D159}]/u;
/** More combining marks than any script puts on one letter. Such marks cover the lines above and below. */
const PILE_OF_MARKS = /(?:\p{M}\p{Cf}*){9}/u;

/**
 * Removes control characters and direction marks, and trims. Keeps ZWJ, ZWNJ and variation selectors, which emoji,
 * Persian and Hindi need.
 * @returns undefined for a name without a visible character, with nine combining marks in a row, or over MAX_NAME_LENGTH
 * or MAX_NAME_BYTES
 */
export function displayName(text: string): string | undefined {
  const name = text.replaceAll(REMOVED, '').trim();
  if (Buffer.byteLength(name) > MAX_NAME_BYTES || lengthOf(name) > MAX_NAME_LENGTH) return undefined;
  return VISIBLE.test(name) && !PILE_OF_MARKS.test(name) ? name : undefined;
}

function lengthOf(name: string): number {
  return [...new Intl.Segmenter().segment(name)].length;
}
