import { once } from '../lib/core/once.ts';
import { getUpload as endpoint } from '../lib/http/api/uploads.ts';
import { fileRoute } from '../lib/http/file-route.ts';
import { getUpload } from '../lib/uploads/get-upload.ts';
import { loadFiles } from '../lib/wiring/files.ts';

const load = once(loadFiles);

export const handler = fileRoute(endpoint, async ({ path: { key } }) => getUpload(await load(), key));
