// Packages the service as `npm run package` does, for one stage and its switches, and reads the template.
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { serverlessScript } from '../../../infra/service/serverless-script.ts';
import type { Template } from './template.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const TIMEOUT_MS = 290_000;

/**
 * Packages the service in its own folder, because parallel runs overwrite each other's files even with `--package`. The
 * settings come from .env.example and `switches` only.
 * @param inspect receives the folder of the package before its removal
 * @throws the output of the framework when packaging fails
 */
export async function packageService(
  stage: string,
  switches: Record<string, string> = {},
  inspect?: (packageFolder: string) => Promise<void>,
): Promise<Template> {
  const folder = mkdtempSync(join(tmpdir(), 'package-'));
  try {
    for (const name of ['serverless.yml', 'package.json']) copyFileSync(join(ROOT, name), join(folder, name));
    copyFileSync(join(ROOT, '.env.example'), join(folder, `.env.${stage}`));
    for (const name of ['functions', 'infra', 'lib', 'node_modules']) symlinkSync(join(ROOT, name), join(folder, name));
    const env = { PATH: process.env['PATH'], HOME: folder, AWS_REGION: 'ap-southeast-1', ...switches };
    const options = { cwd: folder, env, timeout: TIMEOUT_MS };
    await run(process.execPath, [serverlessScript(), 'package', '--stage', stage], options).catch(
      ({ stdout, stderr }: { stdout: string; stderr: string }) => {
        throw new Error(`${stdout}${stderr}`);
      },
    );
    await inspect?.(join(folder, '.serverless'));
    const file = join(folder, '.serverless', 'cloudformation-template-update-stack.json');
    return JSON.parse(readFileSync(file, 'utf8')) as Template;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
