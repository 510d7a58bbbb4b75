import { randomInt } from 'node:crypto';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Random letters and digits, the shape of WeChat's codes and nonces. */
export function alphanumeric(length: number): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}

/** Random decimal digits. */
export function digits(length: number): string {
  return Array.from({ length }, () => randomInt(10)).join('');
}
