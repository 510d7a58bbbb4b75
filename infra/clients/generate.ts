// `npm run clients -- <folder>`: writes the typed clients of the HTTP API.
import { buildOpenapi } from '../../lib/http/openapi/document.ts';
import { ENDPOINTS } from '../../lib/http/openapi/endpoints.ts';
import { writeClients } from './render.ts';

const [folder] = process.argv.slice(2);

if (folder === undefined) {
  console.error('Usage: npm run clients -- <folder>');
  process.exit(2);
}
for (const file of await writeClients(buildOpenapi(ENDPOINTS), folder)) console.log(file);
