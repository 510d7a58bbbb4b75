import { once } from '../lib/core/once.ts';
import { getVerificationFile } from '../lib/h5/verification-file.ts';
import { getVerificationFile as endpoint } from '../lib/http/api/h5.ts';
import { route } from '../lib/http/route.ts';
import { loadVerificationFiles } from '../lib/wiring/h5.ts';

const load = once(loadVerificationFiles);

export const handler = route(endpoint, async ({ path: { file } }) => getVerificationFile(await load(), file));
