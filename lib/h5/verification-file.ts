import { badSetting } from '../core/config.ts';
import { AppError } from '../core/errors.ts';

/**
 * File names that `GET /{file}` can serve. A name of another route never reaches it, because the gateway prefers a route
 * without a parameter.
 */
const REACHABLE_NAME = /^(?!(catalog|health|me|openapi\.json|wallet)$)[\w-]+(\.[\w-]+)*$/;

const NO_OBJECT = 'must be a JSON object of file names and contents';

/**
 * Parses MP_VERIFY_FILES, a JSON object of file names and contents. WeChat reads these files to verify the owner of the
 * domain. Names without the prefix `MP_verify_` verify the domain of a web-view or of a website app.
 * @throws NOT_CONFIGURED
 * @see https://developers.weixin.qq.com/miniprogram/dev/framework/ability/domain.html
 */
export function readVerificationFiles(json: string): Map<string, string> {
  const files = new Map(Object.entries(parseObject(json)));
  for (const [name, content] of files) {
    if (typeof content !== 'string') throw badSetting('MP_VERIFY_FILES', NO_OBJECT);
    if (!REACHABLE_NAME.test(name)) {
      throw badSetting('MP_VERIFY_FILES', 'must name plain files such as MP_verify_abc.txt that no other route serves');
    }
  }
  return files as Map<string, string>;
}

function parseObject(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // The error below reports invalid JSON.
  }
  throw badSetting('MP_VERIFY_FILES', NO_OBJECT);
}

/**
 * Returns the content of a verification file, byte for byte.
 * @throws NOT_FOUND
 * @see https://developers.weixin.qq.com/doc/service/guide/h5/jssdk.html
 */
export function getVerificationFile(files: Map<string, string>, name: string): string {
  const content = files.get(name);
  if (content === undefined) throw new AppError('NOT_FOUND', 'This file does not exist');
  return content;
}
