import { badSetting } from '../core/config.ts';
import { AppError } from '../core/errors.ts';

/** MP_VERIFY_FILES: the files by which WeChat sees whose domain this is, name to content. @throws NOT_CONFIGURED */
export function readVerificationFiles(json: string): Map<string, string> {
  try {
    const files = Object.entries(JSON.parse(json) as Record<string, unknown>);
    if (files.every(([, content]) => typeof content === 'string')) return new Map(files as [string, string][]);
  } catch {
    // Said below.
  }
  throw badSetting('MP_VERIFY_FILES', 'must be a JSON object of file names and contents');
}

/** The content of one such file (platform 7.4), byte for byte. @throws NOT_FOUND */
export function getVerificationFile(files: Map<string, string>, name: string): string {
  const content = /^MP_verify_\w+\.txt$/.test(name) ? files.get(name) : undefined;
  if (content === undefined) throw new AppError('NOT_FOUND', 'There is nothing here');
  return content;
}
