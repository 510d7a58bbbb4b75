import { addressSetting, badSetting, settings } from '../../../lib/core/config.ts';
import { secrets } from '../../../lib/secrets/secrets.ts';
import type { PlatformDeps } from '../../../lib/wechat/client.ts';
import { errcodeOf } from '../../../lib/wechat/platform-error.ts';
import type { ShippingAccess } from '../../../lib/wechat/shipping-call.ts';
import { fetchStableToken } from '../../../lib/wechat/stable-token.ts';
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
import { OUTSIDE } from './outside.ts';

/** Calls to WeChat from this machine, with the access token of the mini-program. */
interface Access {
  deps: PlatformDeps;
  access: ShippingAccess;
}

/**
 * Checks that WeChat releases the money of orders that are paid in the mini-program.
 * @param fix sets the pages that WeChat opens for an order
 */
export async function checkShipping({ fix }: { fix: boolean }): Promise<CheckResult[]> {
  const opened = await openAccess().catch((error: unknown) => ({ error }));
  if ('error' in opened) return [await runCheck('call of WeChat', () => judgeNoAccess(opened.error, { fix }))];
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

/**
 * Requests the access token from this machine. WeChat returns the token of the functions, so their token stays valid.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-access-token/api_getstableaccesstoken.html
 */
async function openAccess(): Promise<Access> {
  const deps = { ...OUTSIDE, apiBaseUrl: addressSetting('WECHAT_API_BASE_URL') };
  const { MINIAPP_APP_ID: appId } = settings('MINIAPP_APP_ID');
  const { MINIAPP_APP_SECRET: appSecret } = await secrets('MINIAPP_APP_SECRET');
  const app = { appId, appSecret, settings: 'MINIAPP' as const };
  const { value: accessToken } = await fetchStableToken(deps, app);
  return { deps, access: { app, accessToken } };
}

/** Errcodes of an address that is not on WeChat's allowlist. */
const NOT_LISTED = new Set<number | undefined>([40164, 61004]);

/** Without a call, the state is unknown. A difference is a failure only if the operator wants a change. */
export function judgeNoAccess(error: unknown, { fix }: { fix: boolean }): CheckOutcome {
  const remedy = NOT_LISTED.has(errcodeOf(error))
    ? ' → add the address of this machine to 开发管理 → 开发设置 → IP 白名单, and remove it afterwards'
    : '';
  const note = `shipping was not checked: ${explainError(error)}${remedy}`;
  if (fix) throw new CommandError(note);
  return { mark: '!', note };
}

export interface Trade {
  isManaged: boolean;
  /** Whether each merchant number of the mini-program is authorised for trade management, or unbound. */
  isConfirmed: boolean;
  orderShipping: string;
}

async function readTrade({ deps, access }: Access): Promise<Trade> {
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

async function checkOrderPage({ deps, access }: Access, { fix }: { fix: boolean }): Promise<string | CheckOutcome> {
  const { MINIAPP_ORDER_PAGE: page } = settings('MINIAPP_ORDER_PAGE');
  const current = await getOrderDetailPath(deps, access);
  if (page === '') return current ? { mark: '–', note: `${current}, set by hand` } : { mark: '!', note: NO_PAGE };
  const path = `${page}?outTradeNo=${ORDER_NUMBER_PLACEHOLDER}`;
  if (current === path) return path;
  if (!fix) return { mark: '!', note: `${current ? `is ${current}` : 'is not set'} → ${FIX} sets ${path}` };
  await setOrderDetailPath(deps, { ...access, path });
  return `changed to ${path}; before: ${current ?? 'none'}`;
}

async function checkMessagePage({ deps, access }: Access, { fix }: { fix: boolean }): Promise<string | CheckOutcome> {
  const { MINIAPP_ORDER_PAGE: path } = settings('MINIAPP_ORDER_PAGE');
  if (path === '') return { mark: '–', note: 'MINIAPP_ORDER_PAGE is not set' };
  if (!fix) return { mark: '–', note: `unknown, because WeChat does not return it → ${FIX} sets ${path}` };
  await setMessagePath(deps, { ...access, path });
  return `set to ${path}; before: unknown, because WeChat does not return it`;
}
