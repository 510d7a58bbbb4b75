/** `text` as a CDATA section that it cannot leave, without the characters that XML cannot carry. */
export function cdata(text: string): string {
  const carried = text.replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '');
  return `<![CDATA[${carried.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
}
