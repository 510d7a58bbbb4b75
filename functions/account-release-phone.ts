import { once } from '../lib/core/once.ts';
import { releasePhone } from '../lib/identity/release-phone.ts';
import { loadTable, patient } from '../lib/wiring/table.ts';

const load = once(async () => patient(await loadTable()));

export const handler = async (input: unknown): Promise<{ userId: string }> => releasePhone(await load(), input);
