import { settings } from '../lib/core/config.ts';
import { readVerificationFiles, verificationFile } from '../lib/h5/verification-file.ts';
import { getVerificationFile } from '../lib/http/api/h5.ts';
import { route } from '../lib/http/route.ts';
import { once } from '../lib/core/once.ts';

const files = once(async () => readVerificationFiles(settings('MP_VERIFY_FILES').MP_VERIFY_FILES));

export const handler = route(getVerificationFile, async ({ path: { file } }) => verificationFile(await files(), file));
