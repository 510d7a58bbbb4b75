import { badSetting, settings } from '../../../lib/core/config.ts';
import { errcodeOf } from '../../../lib/wechat/platform-error.ts';
import {
  fetchTradeConfirmed,
  fetchTradeManaged,
  getOrderDetailPath,
  ORDER_NUMBER_PLACEHOLDER,
  setMessagePath,
  setOrderDetailPath,
} from '../../../lib/wechat/trade-management.ts';
import { runCheck, type CheckOutcome, type CheckResult } from '../check-report.ts';
import { CommandError, explainError } from '../command.ts';
import { judgeNoAccess, openMiniappCalls, type MiniappCalls } from './miniapp-calls.ts';

/**
 * Checks that WeChat releases the money of orders that are paid in the mini-program.
 * @param fix sets the pages that WeChat opens for an order
 */
export async function checkShipping({ fix }: { fix: boolean }): Promise<CheckResult[]> {
  const opened = await openMiniappCalls().catch((error: unknown) => ({ error }));
  if ('error' in opened)
    return [await runCheck('call of WeChat', () => judgeNoAccess(opened.error, { subject: 'shipping', fix }))];
  const check = (name: string, run: () => Promise<string | CheckOutcome>) =>
    runCheck(name, () => run().catch((error: unknown) => judgeFailure(error, { fix })));
  return Promise.all([
    check('trade management', async () => judgeTrade(await readTrade(opened))),
    check('order page', () => checkOrderPage(opened, { fix })),
    check('message page', () => checkMessagePage(opened, { fix })),
  ]);
}

/** WeChat declines the calls for a mini-program that has not opened the order shipping management. */
const NOT_OPENED = 48001;

/** A mini-program without order shipping management works, but WeChat may limit the payments of a shop. */
function judgeFailure(error: unknown, { fix }: { fix: boolean }): CheckOutcome {
  if (fix || errcodeOf(error) !== NOT_OPENED) throw error;
  return { mark: '!', note: `${explainError(error)} → open 发货信息管理 in the console, if the mini-program sells` };
}

export interface Trade {
  isManaged: boolean;
  /** Whether each merchant number of the mini-program is authorised for trade management, or unbound. */
  isConfirmed: boolean;
  orderShipping: string;
}

async function readTrade({ deps, access }: MiniappCalls): Promise<Trade> {
  const { ORDER_SHIPPING: orderShipping } = settings('ORDER_SHIPPING');
  const [isManaged, isConfirmed] = await Promise.all([
    fetchTradeManaged(deps, access),
    fetchTradeConfirmed(deps, access),
  ]);
  return { isManaged, isConfirmed, orderShipping };
}

/** Compares the trade management of WeChat with ORDER_SHIPPING. */
export function judgeTrade({ isManaged, isConfirmed, orderShipping }: Trade): string | CheckOutcome {
  if (!/^(auto|on|off)$/.test(orderShipping)) throw badSetting('ORDER_SHIPPING', 'must be auto, on or off');
  if (!isManaged) return orderShipping === 'on' ? { mark: '!', note: NEEDLESS } : { mark: '–', note: NOT_MANAGED };
  if (orderShipping === 'off') throw new CommandError(FROZEN);
  return isConfirmed ? `on, and ORDER_SHIPPING is ${orderShipping}` : { mark: '!', note: UNCONFIRMED };
}

const NOT_MANAGED = 'off: WeChat does not freeze the money of orders';
const NEEDLESS = `${NOT_MANAGED}, and declines the shipping information → ORDER_SHIPPING=auto in .env.<stage>, then deploy`;
const FROZEN =
  'on, but ORDER_SHIPPING is off: the money of each order stays frozen at WeChat → ORDER_SHIPPING=auto in .env.<stage>, then deploy';
const UNCONFIRMED =
  'on, but not confirmed: a merchant number of the mini-program is neither authorised nor unbound → 发货信息管理 in the console';

const NO_PAGE = 'MINIAPP_ORDER_PAGE is not set: WeChat opens no page for an order → MINIAPP_ORDER_PAGE in .env.<stage>';
const FIX = 'npm run doctor -- --fix';

async function checkOrderPage(
  { deps, access }: MiniappCalls,
  { fix }: { fix: boolean },
): Promise<string | CheckOutcome> {
  const { MINIAPP_ORDER_PAGE: page } = settings('MINIAPP_ORDER_PAGE');
  const current = await getOrderDetailPath(deps, access);
  if (page === '') return current ? { mark: '–', note: `${current}, set by hand` } : { mark: '!', note: NO_PAGE };
  const path = `${page}?outTradeNo=${ORDER_NUMBER_PLACEHOLDER}`;
  if (current === path) return path;
  if (!fix) return { mark: '!', note: `${current ? `is ${current}` : 'is not set'} → ${FIX} sets ${path}` };
  await setOrderDetailPath(deps, { ...access, path });
  return `changed to ${path}; before: ${current ?? 'none'}`;
}

async function checkMessagePage(
  { deps, access }: MiniappCalls,
  { fix }: { fix: boolean },
): Promise<string | CheckOutcome> {
  const { MINIAPP_ORDER_PAGE: path } = settings('MINIAPP_ORDER_PAGE');
  if (path === '') return { mark: '–', note: 'MINIAPP_ORDER_PAGE is not set' };
  if (!fix) return { mark: '–', note: `unknown, because WeChat does not return it → ${FIX} sets ${path}` };
  await setMessagePath(deps, { ...access, path });
  return `set to ${path}; before: unknown, because WeChat does not return it`;
}
