import { loadTokenOwners } from '../lib/deps.ts';
import { once } from '../lib/once.ts';
import { refreshTokens, type RefreshReport } from '../lib/platform-token/refresh.ts';

const owners = once(loadTokenOwners);

export const handler = async (): Promise<RefreshReport> => refreshTokens(await owners());
