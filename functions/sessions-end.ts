import { once } from '../lib/core/once.ts';
import { endSessions, type EndedSessions } from '../lib/identity/end-sessions.ts';
import { loadTable } from '../lib/wiring/table.ts';

const load = once(loadTable);

export const handler = async (input: unknown): Promise<EndedSessions> => endSessions(await load(), input);
