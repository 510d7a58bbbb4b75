import type { Clock } from '../clock.ts';
import { alphanumeric } from '../random.ts';
import type { AppName } from '../wechat-users.ts';

/** A temporary file lives three days. */
const lifetimeMs = 3 * 86_400_000;

/** The temporary files that the apps uploaded for their messages. */
export class TemporaryMedia {
  readonly #clock: Clock;
  readonly #files = new Map<string, { app: AppName; type: string; until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Stores a file. @returns its media id */
  add(app: AppName, type: string): string {
    const mediaId = alphanumeric(64);
    this.#files.set(mediaId, { app, type, until: this.#clock.now() + lifetimeMs });
    return mediaId;
  }

  /** Whether the app may send this file as this type. */
  has(app: AppName, type: string, mediaId: unknown): boolean {
    const file = typeof mediaId === 'string' ? this.#files.get(mediaId) : undefined;
    return file?.app === app && file.type === type && file.until > this.#clock.now();
  }
}
