/** Cuts a text to at most `maxBytes` of UTF-8, at the end of a character. */
export function cutUtf8(text: string, maxBytes: number): string {
  // With `stream` the decoder leaves out a character that is cut at the end.
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.from(text).subarray(0, maxBytes), {
    stream: true,
  });
}
