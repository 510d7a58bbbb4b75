import type { Upload } from '../store/uploads.ts';

export type PictureType = Upload['type'];

/** The extension in the key of a stored file, by type. */
export const EXTENSIONS: Record<PictureType, string> = { 'image/jpeg': 'jpg', 'image/png': 'png', 'image/gif': 'gif' };

const PNG_BEGIN = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
/** The signature, the header and its checksum. */
const MIN_PNG_BYTES = 33;
/** The signature, the size of the screen and three further bytes. */
const MIN_GIF_BYTES = 13;
/** Markers of JPEG frames, except tables (C4), extensions (C8) and arithmetic conditioning (CC). */
const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
/** Markers without a length: TEM, RSTn and SOI. */
const isBare = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);

/**
 * Returns the type of a picture by its content, or undefined unless the file begins with the whole header of a JPEG, PNG
 * or GIF of at least one pixel. Data after the header are not checked.
 * @see https://www.w3.org/TR/png-3/#11IHDR
 * @see https://www.w3.org/Graphics/GIF/spec-gif89a.txt
 * @see https://www.w3.org/Graphics/JPEG/itu-t81.pdf
 */
export function pictureType(file: Buffer): PictureType | undefined {
  if (isPng(file)) return 'image/png';
  if (isGif(file)) return 'image/gif';
  return isJpeg(file) ? 'image/jpeg' : undefined;
}

function isPng(file: Buffer): boolean {
  if (file.length < MIN_PNG_BYTES || !file.subarray(0, PNG_BEGIN.length).equals(PNG_BEGIN)) return false;
  return file.readUInt32BE(16) > 0 && file.readUInt32BE(20) > 0;
}

function isGif(file: Buffer): boolean {
  if (file.length < MIN_GIF_BYTES || !/^GIF8[79]a$/.test(file.toString('latin1', 0, 6))) return false;
  return file.readUInt16LE(6) > 0 && file.readUInt16LE(8) > 0;
}

/** Follows the segments up to the frame header, which contains the size. */
function isJpeg(file: Buffer): boolean {
  if (file.length < 4 || file.readUInt16BE(0) !== 0xff_d8) return false;
  let at = 2;
  while (at + 4 <= file.length && file[at] === 0xff) {
    const marker = file[at + 1]!;
    if (marker === 0xff) at += 1;
    else if (isBare(marker)) at += 2;
    else if (isFrame(marker)) return hasSize(file, at);
    else at += 2 + file.readUInt16BE(at + 2);
  }
  return false;
}

/** A height of zero is valid: a later segment may hold it. */
function hasSize(file: Buffer, at: number): boolean {
  return at + 9 <= file.length && file.readUInt16BE(at + 7) > 0;
}
