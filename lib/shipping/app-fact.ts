import { AppError } from '../core/errors.ts';
import type { Runtime } from '../core/runtime.ts';
import { putAppFact, readAppFact, type AppFact, type FactName } from '../store/app-facts.ts';
import type { Table } from '../store/table.ts';
import type { WechatApp } from '../wechat/client.ts';

type FactDeps = Pick<Runtime, 'now' | 'log'> & { table: Table; app: WechatApp };

/** After a failed request, an instance uses the old value for this time. */
const RETRY_MS = 60_000;
/** An old value serves for this time while WeChat does not answer. */
const LIFE_S = 30 * 86_400;

/**
 * Returns a reader of an answer of WeChat that changes rarely. All instances share the stored answer, and each instance
 * keeps a copy in memory. An old value serves while WeChat does not answer.
 * @param request asks WeChat
 * @param freshMs returns how long WeChat is not asked again after this answer
 * @returns a function that returns the value, or undefined if WeChat never answered
 */
export function appFact<Value>(
  { table, app: { appId }, now, log }: FactDeps,
  { name, request, freshMs }: { name: FactName; request(): Promise<Value>; freshMs(value: Value): number },
): () => Promise<Value | undefined> {
  let remembered: { value: Value | undefined; untilMs: number } | undefined;

  function remember(value: Value | undefined, untilMs: number): Value | undefined {
    remembered = { value, untilMs };
    return value;
  }

  async function renew(): Promise<AppFact<Value>> {
    const [value, nowMs] = [await request(), now()];
    const expiresAt = Math.floor(nowMs / 1_000) + LIFE_S;
    const fact = { value, freshUntilMs: nowMs + freshMs(value), expiresAt };
    await putAppFact(table, { appId, name }, fact);
    return fact;
  }

  return async () => {
    if (remembered && now() < remembered.untilMs) return remembered.value;
    const stored = await readAppFact<Value>(table, { appId, name, nowMs: now() });
    if (stored && now() < stored.freshUntilMs) return remember(stored.value, stored.freshUntilMs);
    try {
      const { value, freshUntilMs } = await renew();
      return remember(value, freshUntilMs);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      log[error.code === 'WECHAT_CONFIG' ? 'error' : 'warn']('app-fact.request-failed', { appId, name, error });
      return remember(stored?.value, now() + RETRY_MS);
    }
  };
}
