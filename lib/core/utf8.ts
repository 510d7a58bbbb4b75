/** Text without control characters and without characters of four UTF-8 bytes, such as emoji. */
export const PLAIN_TEXT = /^[^\u{10000}-\u{10FFFF}\p{Cc}\p{Cs}]*$/u;

/** Cuts a text to at most `maxBytes` of UTF-8, at the end of a character. Combining marks stay with their letter. */
export function cutUtf8(text: string, maxBytes: number): string {
  let [cut, left] = ['', maxBytes];
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    left -= Buffer.byteLength(segment);
    if (left < 0) break;
    cut += segment;
  }
  return cut;
}
