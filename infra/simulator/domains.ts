import { randomBytes } from 'node:crypto';
import { controlParamError } from './control-error.ts';
import { readLoopbackUrl } from './loopback.ts';
import { alphanumeric } from './random.ts';

const deadlineMs = 10_000;

/**
 * The console's check of a domain. The file of a web-view's business domain has a random name without `MP_verify_`.
 * @see https://developers.weixin.qq.com/miniprogram/dev/framework/ability/domain.html
 */
export class Domains {
  readonly #contents = new Map<string, string>();

  /** Issues a verification file, which the owner of the domain must serve at its root. */
  issue(): { name: string; content: string } {
    const [name, content] = [`${alphanumeric(10)}.txt`, randomBytes(16).toString('hex')];
    this.#contents.set(name, content);
    return { name, content };
  }

  /** Requests a file from the root of the domain, and compares its bytes. */
  async verify(name: string, baseUrl: string): Promise<{ verified: boolean; reason?: string }> {
    const content = this.#contents.get(name);
    if (content === undefined) throw controlParamError('the name must be one that POST /_domains issued');
    const url = new URL(`/${name}`, readLoopbackUrl(baseUrl, 'baseUrl'));
    const signal = AbortSignal.timeout(deadlineMs);
    const response = await fetch(url, { redirect: 'manual', signal }).catch((error: unknown) => String(error));
    if (typeof response === 'string') return { verified: false, reason: response };
    const bytes = Buffer.from(await response.arrayBuffer());
    if (response.status !== 200) return { verified: false, reason: `the address answers ${response.status}` };
    return bytes.equals(Buffer.from(content)) ? { verified: true } : { verified: false, reason: 'the content differs' };
  }
}
