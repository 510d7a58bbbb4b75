import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { isRecord } from '../http.ts';
import { alphanumeric } from '../random.ts';
import { PlatformError } from './error.ts';

export interface QrCode {
  ticket: string;
  url: string;
  scene: string;
  /** Whether the scene was created as a number. */
  numeric: boolean;
  /** Epoch ms; Infinity for permanent codes. */
  expiresAt: number;
}

const maxExpireSeconds = 2_592_000;
const defaultExpireSeconds = 60;

/**
 * Parametric QR codes of the official account.
 * @see https://developers.weixin.qq.com/doc/service/api/qrcode/qrcodes/api_createqrcode.html
 */
export class QrCodes {
  readonly #clock: Clock;
  readonly #byTicket = new Map<string, QrCode>();
  readonly #byUrl = new Map<string, QrCode>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Creates a code from the body of `/cgi-bin/qrcode/create` and returns its answer. */
  create(body: Record<string, unknown>): { ticket: string; expire_seconds?: number; url: string } {
    const scene = readQrScene(body);
    const permanent = String(body.action_name).startsWith('QR_LIMIT_');
    const expireSeconds = permanent ? Infinity : readExpireSeconds(body.expire_seconds);
    const now = this.#clock.now();
    const url = `http://weixin.qq.com/q/${alphanumeric(20)}`;
    const ticket = newTicket(url, now, permanent ? 0 : expireSeconds);
    const numeric = !String(body.action_name).endsWith('STR_SCENE');
    const code = { ticket, url, scene, numeric, expiresAt: now + expireSeconds * 1000 };
    this.#byTicket.set(ticket, code);
    this.#byUrl.set(url, code);
    return permanent ? { ticket, url } : { ticket, expire_seconds: expireSeconds, url };
  }

  byTicket(ticket: string): QrCode | undefined {
    const code = this.#byTicket.get(ticket);
    return code && !this.isExpired(code) ? code : undefined;
  }

  /** Finds a code by the content of its image, expired or not: a phone can scan an expired code. */
  byUrl(url: string): QrCode | undefined {
    return this.#byUrl.get(url);
  }

  isExpired(code: QrCode): boolean {
    return code.expiresAt <= this.#clock.now();
  }
}

function readQrScene({ action_name: action, action_info: info }: Record<string, unknown>): string {
  const wantsText = action === 'QR_STR_SCENE' || action === 'QR_LIMIT_STR_SCENE';
  const maxId = action === 'QR_SCENE' ? 4_294_967_295 : 100_000;
  if (!wantsText && action !== 'QR_SCENE' && action !== 'QR_LIMIT_SCENE') throw new PlatformError(40052);
  const scene = isRecord(info) && isRecord(info.scene) ? info.scene : {};
  const value = wantsText ? scene.scene_str : scene.scene_id;
  if (wantsText && typeof value === 'string' && value.length >= 1 && value.length <= 64) return value;
  if (!wantsText && Number.isInteger(value) && Number(value) >= 1 && Number(value) <= maxId) return String(value);
  throw new PlatformError(40053);
}

function readExpireSeconds(value: unknown): number {
  if (value === undefined) return defaultExpireSeconds;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > maxExpireSeconds) {
    throw new PlatformError(40097);
  }
  return value;
}

/** Base64 of a small record in the layout of real tickets. Always contains `+`, `/` and `=`, to expose missing encoding. */
function newTicket(url: string, now: number, expireSeconds: number): string {
  const times = Buffer.alloc(12);
  times.writeUInt16BE(0x0204, 0);
  times.writeUInt32BE(Math.floor(now / 1000), 2);
  times.writeUInt16BE(0x0304, 6);
  times.writeUInt32BE(expireSeconds, 8);
  const head = Buffer.concat([Buffer.from([0x81, 0x01]), randomBytes(1), Buffer.from([0xfb, 0xff]), randomBytes(3)]);
  const filler = Buffer.alloc((3 - ((head.length + url.length + times.length) % 3)) % 3 || 3);
  const record = Buffer.concat([head, filler, Buffer.from(url), times, Buffer.from([0])]);
  return record.toString('base64');
}
