import type { Runtime } from '../core/runtime.ts';
import { claim } from '../store/claims.ts';
import type { Table } from '../store/table.ts';

type ClaimDeps = Pick<Runtime, 'now' | 'randomBytes'> & { table: Table; appId: string };

/** The part of the claim that makes a retried write recognise its own first attempt. */
export interface PushClaim {
  claimToken: string;
  /** Epoch seconds; also the TTL. */
  expiresAt: number;
}

const DAY_S = 86_400;

/** Returns a claim with a new random token. WeChat repeats no push for a day. */
export function newPushClaim({ now, randomBytes }: Pick<Runtime, 'now' | 'randomBytes'>): PushClaim {
  return {
    claimToken: randomBytes(12).toString('base64url'),
    expiresAt: Math.floor(now() / 1_000) + DAY_S,
  };
}

/**
 * Whether this push is new, and records it. The claim stores a random token. If an SDK retry finds the token of its own
 * first attempt, the push counts as new.
 */
export async function claimPush(
  deps: ClaimDeps,
  source: 'official-push' | 'miniapp-push',
  pushId: string,
): Promise<boolean> {
  const { claimToken: value, expiresAt } = newPushClaim(deps);
  const claimed = { source, id: `${deps.appId}#${pushId}`, value, expiresAt };
  return (await claim(deps.table, claimed, deps.now())) === value;
}
