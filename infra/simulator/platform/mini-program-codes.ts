import { createHash } from 'node:crypto';
import QRCode from 'qrcode';
import { alphanumeric } from '../random.ts';
import { PlatformError } from './error.ts';

interface MiniProgramCode {
  page: string;
  scene: string;
}

const versions: unknown[] = ['release', 'trial', 'develop'];
const homePage = 'pages/index/index';

/**
 * Codes that open the mini-program; they never expire.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/qrcode-link/qr-code/api_getunlimitedqrcode.html
 */
export class MiniProgramCodes {
  readonly #byUrl = new Map<string, MiniProgramCode>();
  readonly #urlByImage = new Map<string, string>();

  /** Creates a code from the body of `/wxa/getwxacodeunlimit` and returns its image, a PNG. */
  async create(body: Record<string, unknown>): Promise<Buffer> {
    const code = { page: readPage(body.page), scene: readMiniProgramScene(body.scene) };
    const width = readWidth(body);
    // The image does not contain the scene: only WeChat can resolve it.
    const url = `http://weixin.qq.com/m/${alphanumeric(22)}`;
    const image = await QRCode.toBuffer(url, { width });
    this.#byUrl.set(url, code);
    this.#urlByImage.set(hashOf(image), url);
    return image;
  }

  /** Finds a code by the content of its image, or by the image as a data URL. */
  find(content: string): MiniProgramCode | undefined {
    const [, encoded] = /^data:image\/\w+;base64,(.*)$/s.exec(content) ?? [];
    const url = encoded === undefined ? content : this.#urlByImage.get(hashOf(Buffer.from(encoded, 'base64')));
    return this.#byUrl.get(url ?? '');
  }
}

function readMiniProgramScene(scene: unknown): string {
  if (typeof scene !== 'string' || scene.length < 1 || scene.length > 32) throw new PlatformError(40169);
  if (!/^[\w!#$&'()*+,/:;=?@\-.~]+$/.test(scene)) throw new PlatformError(40129);
  if (scene.includes('scancode_time')) throw new PlatformError(85096);
  return scene;
}

function readPage(page: unknown = ''): string {
  if (typeof page !== 'string' || page.startsWith('/') || /[?#]/.test(page)) throw new PlatformError(41030);
  return page || homePage;
}

/** Checks the options and returns the width, the only one that the simulator's image shows. */
function readWidth(body: Record<string, unknown>): number {
  const { width = 430, env_version: version = 'release', line_color: color = {} } = body;
  const flags = [body.check_path, body.auto_color, body.is_hyaline];
  const valid =
    flags.every((flag) => flag === undefined || typeof flag === 'boolean') &&
    typeof color === 'object' &&
    versions.includes(version);
  if (!valid || typeof width !== 'number' || !(width >= 280 && width <= 1280)) throw new PlatformError(40097);
  return width;
}

function hashOf(image: Buffer): string {
  return createHash('sha256').update(image).digest('hex');
}
