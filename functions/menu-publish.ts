import { publishMenu } from '../lib/official-account/publish-menu.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadOfficialAccount } from '../lib/wiring/apps.ts';

const load = fresh(loadOfficialAccount);

export const handler = async (input: unknown): Promise<{ published: number }> => publishMenu(await load(), input);
