import { refreshTokens, type RefreshReport } from '../lib/platform-token/refresh.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadTokenRefresh } from '../lib/wiring/apps.ts';

const load = fresh(loadTokenRefresh);

export const handler = async (input: { ask?: unknown } | null): Promise<RefreshReport> =>
  refreshTokens(await load(), { ask: input?.ask === true });
