import { once } from '../lib/core/once.ts';
import { operatorFunction } from '../lib/core/wechat-words.ts';
import { exportAccount, type AccountPart } from '../lib/privacy/export-account.ts';
import { loadAccountExport } from '../lib/wiring/privacy.ts';

const load = once(loadAccountExport);

export const handler = operatorFunction(async (input): Promise<AccountPart> => exportAccount(await load(), input));
