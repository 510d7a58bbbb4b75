import { AppError } from '../core/errors.ts';
import type { FileStore } from './file-store.ts';
import { EXTENSIONS, type PictureType } from './picture-type.ts';

const KEY = /^[0-9a-z]{32}\.(jpg|png|gif)$/;
const TYPES = new Map(Object.entries(EXTENSIONS).map(([type, extension]) => [extension, type as PictureType]));

/**
 * Returns an uploaded file to anyone who has its address. The address contains 160 random bits.
 * @throws NOT_FOUND
 */
export async function getUpload(
  { files }: { files: Pick<FileStore, 'read'> },
  key: string,
): Promise<{ type: string; bytes: Buffer }> {
  const type = TYPES.get(KEY.exec(key)?.[1] ?? '');
  const bytes = type && (await files.read(key));
  if (!bytes) throw new AppError('NOT_FOUND', 'This file does not exist');
  return { type, bytes };
}
