import { publishMenu, type PublishedMenus } from '../lib/official-account/publish-menu.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadOfficialAccount } from '../lib/wiring/apps.ts';

const load = fresh(loadOfficialAccount);

export const handler = async (input: unknown): Promise<PublishedMenus> => publishMenu(await load(), input);
