import { decideContent, type DecidedContent } from '../lib/content-check/decide.ts';
import { once } from '../lib/core/once.ts';
import { operatorFunction } from '../lib/core/wechat-words.ts';
import { loadVerdicts } from '../lib/wiring/content-check.ts';
import { patient } from '../lib/wiring/table.ts';

const load = once(async () => patient(await loadVerdicts()));

export const handler = operatorFunction(async (input: unknown): Promise<DecidedContent> =>
  decideContent(await load(), input),
);
