// Packages the service as `npm run package` does, for a stage and its switches, and reads what would be deployed.
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
const TIMEOUT_MS = 110_000;

/**
 * In a folder of its own, with nothing but what is packaged: two at a time would write over each other, whatever
 * `--package` says. Its settings are those of .env.example, as a newcomer has them, and no others of this machine.
 * @param inspect gets the folder of the package before it is removed
 * @throws what the framework says when it refuses
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
