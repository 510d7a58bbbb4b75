import { loadOfficial } from '../lib/deps.ts';
import { publishMenu } from '../lib/official-account/publish-menu.ts';
import { once } from '../lib/once.ts';

const deps = once(loadOfficial);

export const handler = async (input: unknown): Promise<{ published: number }> => publishMenu(await deps(), input);
