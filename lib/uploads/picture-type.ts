import type { Upload } from '../store/uploads.ts';

export type PictureType = Upload['type'];

/** The extension in the key of a stored file, by type. */
export const EXTENSIONS: Record<PictureType, string> = { 'image/jpeg': 'jpg', 'image/png': 'png', 'image/gif': 'gif' };

/** No picture is shorter: a GIF has a header of 13 bytes, and the other types need more. */
const MIN_BYTES = 13;

const SIGNATURES: [PictureType, signature: Buffer][] = [
  ['image/jpeg', Buffer.from('ffd8ff', 'hex')],
  ['image/png', Buffer.from('89504e470d0a1a0a', 'hex')],
  ['image/gif', Buffer.from('GIF87a')],
  ['image/gif', Buffer.from('GIF89a')],
];

/**
 * Returns the type of a picture by its signature, or undefined for any other file. The rest of the file is not checked:
 * cameras and editors write unusual headers, and the headers of file-route.ts make any content harmless.
 * @see https://mimesniff.spec.whatwg.org/#matching-an-image-type-pattern
 */
export function pictureType(file: Buffer): PictureType | undefined {
  if (file.length < MIN_BYTES) return undefined;
  return SIGNATURES.find(([, signature]) => file.subarray(0, signature.length).equals(signature))?.[0];
}
