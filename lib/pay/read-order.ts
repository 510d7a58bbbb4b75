import { AppError, isAppError } from '../errors.ts';
import { authenticateAccount, type AuthDeps } from '../identity/authenticate.ts';
import { ownIds } from '../store/accounts.ts';
import { ownerOf } from '../store/keys.ts';
import { claimQuery, readOrder, type Order } from '../store/orders.ts';
import { isOpen, orderView, type OrderView } from './order.ts';
import { settleClosed, settlePayment } from './settle.ts';
import type { PayDeps } from './v3/client.ts';
import { queryOrder } from './v3/orders.ts';

type ReadDeps = AuthDeps & PayDeps;

const QUERY_INTERVAL_MS = 5_000;
/** REFUND means: was paid, and a refund was asked for (pay 2.5). */
const PAID_STATES = new Set(['SUCCESS', 'REFUND']);

/**
 * One order of the caller. While it is open WeChat is asked, at most every 5 s over all instances: a notification may
 * be late or lost. When WeChat cannot be asked, the caller gets what we know.
 * @throws UNAUTHENTICATED; NOT_FOUND, also for somebody else's order
 */
export async function readOwnOrder(
  deps: ReadDeps,
  { token, outTradeNo }: { token: string; outTradeNo: string },
): Promise<{ order: OrderView }> {
  const { account } = await authenticateAccount(deps, token, 'eventual-hit');
  const order = ownIds(account).includes(ownerOf(outTradeNo)) ? await readOrder(deps.table, outTradeNo) : undefined;
  if (!order) throw new AppError('NOT_FOUND', 'No such order');
  if (!isOpen(order) || !(await askWechat(deps, order))) return { order: orderView(order) };
  return { order: orderView((await readOrder(deps.table, outTradeNo)) ?? order) };
}

/** Asks WeChat about an open order; true when that changed it. */
async function askWechat(deps: ReadDeps, { outTradeNo, mchId }: Order): Promise<boolean> {
  const turn = { outTradeNo, nowMs: deps.now(), intervalMs: QUERY_INTERVAL_MS };
  if (!(await claimQuery(deps.table, turn))) return false;
  try {
    const transaction = await queryOrder(deps, { outTradeNo, mchId });
    if (PAID_STATES.has(transaction.tradeState)) return await settlePayment(deps, transaction);
    if (transaction.tradeState === 'CLOSED') return await settleClosed(deps, outTradeNo);
    return false;
  } catch (error) {
    if (!isAppError(error, 'NOT_FOUND')) deps.log.warn('pay.query-failed', { outTradeNo, error });
    return false;
  }
}
