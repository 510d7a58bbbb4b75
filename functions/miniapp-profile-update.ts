import { updateProfile as endpoint } from '../lib/http/api/identity.ts';
import { route } from '../lib/http/route.ts';
import { updateProfile } from '../lib/identity/update-profile.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadProfileUpdate } from '../lib/wiring/identity.ts';

const load = fresh(loadProfileUpdate);

export const handler = route(endpoint, async ({ token, body }) => updateProfile(await load(), { token, input: body }));
