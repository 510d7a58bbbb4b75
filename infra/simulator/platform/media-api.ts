import type { Call } from '../http.ts';
import { isPicture } from '../picture-type.ts';
import type { World } from '../world.ts';
import { PlatformError } from './error.ts';
import type { PlatformRoutes } from './route.ts';

/** Temporary files for customer-service messages: pictures only. */
export function mediaRoutes({ clock, media }: World): PlatformRoutes {
  return {
    '/cgi-bin/media/upload': {
      method: 'POST',
      app: 'either',
      json: async (call, app) => {
        const type = call.query.get('type');
        if (type !== 'image') throw new PlatformError(40004);
        if (!isPicture(await readFile(call))) throw new PlatformError(40005);
        return { type, media_id: media.add(app, type), created_at: Math.floor(clock.now() / 1000) };
      },
    },
  };
}

/** Returns the bytes of the field `media` of a multipart form. */
async function readFile({ body, headers }: Call): Promise<Buffer> {
  const form = new Response(new Uint8Array(body), { headers: { 'Content-Type': headers['content-type'] ?? '' } });
  const file = await form.formData().then(
    (fields) => fields.get('media'),
    () => null,
  );
  if (!file || typeof file === 'string') throw new PlatformError(41005);
  return Buffer.from(await file.arrayBuffer());
}
