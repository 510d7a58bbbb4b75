import { once } from '../lib/core/once.ts';
import { endSessions, type EndedSessions } from '../lib/identity/end-sessions.ts';
import { loadTable, patient } from '../lib/wiring/table.ts';

const load = once(async () => patient(await loadTable()));

export const handler = async (input: unknown): Promise<EndedSessions> => endSessions(await load(), input);
