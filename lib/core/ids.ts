const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** The format of a sku: 1 to 64 letters, digits, `_`, `.` and `-`. */
export const SKU = /^[\w.-]{1,64}$/;

/** The format of the id of a complaint, which is a part of keys and paths. */
export const COMPLAINT_ID = /^[\w-]{1,64}$/;

/** Returns `length` random characters of 5 bits each: digits and lower-case letters without i, l, o, u. */
export function randomId(randomBytes: (size: number) => Buffer, length: number): string {
  return Array.from(randomBytes(length), (byte) => ALPHABET[byte % 32]).join('');
}
