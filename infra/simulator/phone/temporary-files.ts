import { ControlError, controlParamError } from '../control-error.ts';
import type { Answer } from '../http.ts';
import { alphanumeric } from '../random.ts';
import { PICTURES } from './pictures.ts';

const types: Record<string, string> = { jpeg: 'image/jpeg', png: 'image/png', gif: 'image/gif' };

/** The pictures that phones chose. A mini-program can read them, and no server can fetch them. */
export class TemporaryFiles {
  readonly #files = new Map<string, Buffer>();

  /** Stores a picture. @param picture a type, or the bytes of a file in base64 @returns its name */
  add(picture: string): string {
    const make = Object.hasOwn(PICTURES, picture) ? PICTURES[picture as keyof typeof PICTURES] : undefined;
    const bytes = make?.() ?? readBytes(picture);
    const name = `${alphanumeric(32)}.${make ? picture : 'jpeg'}`;
    this.#files.set(name, bytes);
    return name;
  }

  /** Answers `GET /_phone/files/{name}`. */
  show(name: string): Answer {
    const body = this.#files.get(name);
    if (!body) throw new ControlError(404, 'FILE_UNKNOWN', 'no phone has this file: choose-avatar makes one');
    return { status: 200, headers: { 'Content-Type': types[name.split('.')[1] ?? ''] ?? 'image/jpeg' }, body };
  }
}

function readBytes(text: string): Buffer {
  if (/^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return Buffer.from(text, 'base64');
  throw controlParamError(`picture must be ${Object.keys(PICTURES).join(', ')} or bytes in base64`);
}
