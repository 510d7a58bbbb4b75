import { digits } from '../random.ts';
import { PayError } from './error.ts';

/** The pictures that the merchant uploaded for its responses. */
export class FeedbackImages {
  readonly #files = new Map<string, Buffer>();

  /** Stores a picture. @returns its media id */
  add(bytes: Buffer): string {
    const mediaId = `file${digits(6)}_${digits(10)}`;
    this.#files.set(mediaId, bytes);
    return mediaId;
  }

  has(mediaId: string): boolean {
    return this.#files.has(mediaId);
  }

  read(mediaId: string): Buffer {
    const bytes = this.#files.get(mediaId);
    if (!bytes) throw new PayError(404, 'RESOURCE_NOT_EXISTS', '图片不存在');
    return bytes;
  }
}
