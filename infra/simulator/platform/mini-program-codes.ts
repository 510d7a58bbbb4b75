import { createHash } from 'node:crypto';
import QRCode from 'qrcode';
import { alphanumeric } from '../random.ts';
import { PlatformError } from './error.ts';

const versions = ['release', 'trial', 'develop'] as const;

interface MiniProgramCode {
  page: string;
  scene: string;
  /** The version of the mini-program that the code opens. */
  envVersion: (typeof versions)[number];
}

const homePage = 'pages/index/index';

/**
 * Codes that open the mini-program; they never expire.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/qrcode-link/qr-code/api_getunlimitedqrcode.html
 */
export class MiniProgramCodes {
  readonly #pages: readonly string[] | undefined;
  readonly #byUrl = new Map<string, MiniProgramCode>();
  readonly #urlByImage = new Map<string, string>();

  /** @param pages the pages of the released version; if absent, every page exists */
  constructor(pages?: readonly string[]) {
    this.#pages = pages;
  }

  /**
   * Creates a code from the body of `/wxa/getwxacodeunlimit` and returns its image, a PNG.
   * @param released whether the mini-program has a released version
   */
  async create(body: Record<string, unknown>, released: boolean): Promise<Buffer> {
    const [page, scene, envVersion] = [readPage(body.page), readMiniProgramScene(body.scene), readEnvVersion(body)];
    const code = { page, scene, envVersion };
    const width = readWidth(body);
    if (!released && envVersion === 'release') throw new PlatformError(41030);
    if (body.check_path !== false && !this.#isReleased(page, released)) throw new PlatformError(41030);
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

  #isReleased(page: string, released: boolean): boolean {
    return released && (this.#pages?.includes(page) ?? true);
  }
}

function readEnvVersion({ env_version: version = 'release' }: Record<string, unknown>) {
  const known = versions.find((name) => name === version);
  if (!known) throw new PlatformError(40097);
  return known;
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
  const { width = 430, line_color: color = {} } = body;
  const flags = [body.check_path, body.auto_color, body.is_hyaline];
  const valid = flags.every((flag) => flag === undefined || typeof flag === 'boolean') && typeof color === 'object';
  if (!valid || typeof width !== 'number' || !(width >= 280 && width <= 1280)) throw new PlatformError(40097);
  return width;
}

function hashOf(image: Buffer): string {
  return createHash('sha256').update(image).digest('hex');
}
