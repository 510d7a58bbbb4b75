/** Maximum length of a text in a chat, in bytes of UTF-8. WeChat rejects a longer text, or shows an error in its place. */
export const MAX_TEXT_BYTES = 2_047;
