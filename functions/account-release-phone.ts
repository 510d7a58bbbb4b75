import { once } from '../lib/core/once.ts';
import { releasePhone } from '../lib/identity/release-phone.ts';
import { loadTable } from '../lib/wiring/table.ts';

const load = once(loadTable);

export const handler = async (input: unknown): Promise<{ userId: string }> => releasePhone(await load(), input);
