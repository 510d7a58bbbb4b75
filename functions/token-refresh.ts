import { loadTokenOwners } from '../lib/wiring/deps.ts';
import { refreshTokens, type RefreshReport } from '../lib/platform-token/refresh.ts';
import { fresh } from '../lib/secrets/fresh.ts';

const owners = fresh(loadTokenOwners);

export const handler = async (input: { ask?: unknown } | null): Promise<RefreshReport> =>
  refreshTokens(await owners(), { ask: input?.ask === true });
