import { operatorFunction } from '../lib/core/wechat-words.ts';
import { publishMenu, type PublishedMenus } from '../lib/official-account/publish-menu.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadOfficialAccount } from '../lib/wiring/apps.ts';

const load = fresh(loadOfficialAccount);

export const handler = operatorFunction(async (input): Promise<PublishedMenus> => publishMenu(await load(), input));
