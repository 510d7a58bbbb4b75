import { loadOfficial } from '../lib/wiring/deps.ts';
import { publishMenu } from '../lib/official-account/publish-menu.ts';
import { fresh } from '../lib/secrets/fresh.ts';

const deps = fresh(loadOfficial);

export const handler = async (input: unknown): Promise<{ published: number }> => publishMenu(await deps(), input);
