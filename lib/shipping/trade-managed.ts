import type { TokenOwner } from '../platform-token/owner.ts';
import type { PlatformDeps } from '../wechat/client.ts';
import { errcodeOf } from '../wechat/platform-error.ts';
import { fetchTradeManaged } from '../wechat/trade-management.ts';
import { appFact } from './app-fact.ts';

/** The setting ORDER_SHIPPING. `auto`: orders are shipped if the mini-program is under trade management. */
export type OrderShipping = 'auto' | 'on' | 'off';

export interface TradeDeps {
  orderShipping: OrderShipping;
  /** Returns the answer of WeChat, or undefined if WeChat never answered. */
  readTradeManaged(): Promise<boolean | undefined>;
}

/** WeChat declines the call for a mini-program that has not opened the order shipping management. */
const NOT_OPENED = 48001;
const HOUR_MS = 3_600_000;
/** WeChat puts shops under trade management, and hardly ever releases one. */
const FRESH_MS = { managed: 24 * HOUR_MS, unmanaged: HOUR_MS };

/**
 * Returns whether WeChat keeps payments until their orders are shipped. An unknown answer counts as yes: WeChat declines
 * an upload that it does not need, but keeps the money of an order that was never uploaded.
 */
export async function isTradeManaged({ orderShipping, readTradeManaged }: TradeDeps): Promise<boolean> {
  if (orderShipping !== 'auto') return orderShipping === 'on';
  return (await readTradeManaged()) ?? true;
}

/** Returns the reader of WeChat's answer, which all instances share. */
export function tradeManagedReader(
  deps: Parameters<typeof appFact>[0] & PlatformDeps & { accessToken: TokenOwner },
): TradeDeps['readTradeManaged'] {
  const { app, accessToken } = deps;
  return appFact(deps, {
    name: 'trade-managed',
    request: async () => {
      try {
        return await accessToken.withToken((token) => fetchTradeManaged(deps, { app, accessToken: token }));
      } catch (error) {
        if (errcodeOf(error) !== NOT_OPENED) throw error;
        return false;
      }
    },
    freshMs: (isManaged) => (isManaged ? FRESH_MS.managed : FRESH_MS.unmanaged),
  });
}
