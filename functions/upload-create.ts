import { createUpload as endpoint, MAX_FILE_BYTES } from '../lib/http/api/uploads.ts';
import { readFilePart } from '../lib/http/multipart.ts';
import { route } from '../lib/http/route.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { createUpload } from '../lib/uploads/create-upload.ts';
import { loadUploads } from '../lib/wiring/uploads.ts';

const load = fresh(loadUploads);

export const handler = route(endpoint, async ({ token, body }) =>
  createUpload(await load(), { token, readFile: () => readFilePart(body, MAX_FILE_BYTES) }),
);
