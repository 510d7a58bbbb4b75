const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** What a sku may be: letters, digits, "_", "." and "-", at most 64. */
export const SKU = /^[\w.-]{1,64}$/;

/** `length` characters of 5 random bits each: digits and lower-case letters without i, l, o, u. */
export function randomId(randomBytes: (size: number) => Buffer, length: number): string {
  return Array.from(randomBytes(length), (byte) => ALPHABET[byte % 32]).join('');
}
