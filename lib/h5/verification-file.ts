import { badSetting } from '../core/config.ts';
import { AppError } from '../core/errors.ts';

/**
 * Parses MP_VERIFY_FILES, a JSON object of file names and contents. WeChat reads these files to verify the owner of the
 * domain.
 * @throws NOT_CONFIGURED
 */
export function readVerificationFiles(json: string): Map<string, string> {
  try {
    const files = Object.entries(JSON.parse(json) as Record<string, unknown>);
    if (files.every(([, content]) => typeof content === 'string')) return new Map(files as [string, string][]);
  } catch {
    // The error below reports invalid JSON.
  }
  throw badSetting('MP_VERIFY_FILES', 'must be a JSON object of file names and contents');
}

/**
 * Returns the content of a verification file, byte for byte.
 * @throws NOT_FOUND
 * @see https://developers.weixin.qq.com/doc/service/guide/h5/jssdk.html
 */
export function getVerificationFile(files: Map<string, string>, name: string): string {
  const content = /^MP_verify_\w+\.txt$/.test(name) ? files.get(name) : undefined;
  if (content === undefined) throw new AppError('NOT_FOUND', 'This file does not exist');
  return content;
}
