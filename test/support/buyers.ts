import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { checkOrder } from '../../lib/pay/check-order.ts';
import { putCatalog } from '../../lib/pay/catalog.ts';
import { prepay } from '../../lib/pay/prepay.ts';
import type { JsapiPayment, Transaction } from '../../lib/wechat-pay/pay-api.ts';
import { settlePayment } from '../../lib/pay/settle.ts';
import { readOrder, type MerchantApiName } from '../../lib/store/orders.ts';
import { asVerified } from './verified.ts';
import { ids, type World } from './world.ts';

/** Stores a catalogue and returns functions that create buyers, orders and payments in `world`. */
export async function createBuyers(world: World) {
  await putCatalog(world.base, {
    items: [
      { sku: 'coffee', description: 'Coffee', kind: 'goods', unitFen: 1800 },
      { sku: 'top-up', description: 'Top-up', kind: 'wallet-topup', minFen: 100, maxFen: 500_000 },
      { sku: 'lesson', description: 'Lesson', kind: 'goods', virtualGood: true, delivery: 'virtual', unitFen: 600 },
    ],
  });
  const loggedIn = async () => {
    const person = await world.phone.newPerson();
    const { token, user } = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    return { person, token, user };
  };
  return {
    loggedIn,
    newOrder: async (purchase = {}) => {
      const buyer = await loggedIn();
      return { ...buyer, ...(await buy(world.pay, { token: buyer.token, ...purchase })) };
    },
    /** Creates an order that the buyer paid in WeChat. `paid: false` leaves the stored order unpaid. */
    paidOrder: async ({
      paid = true,
      api = 'v3',
      ...purchase
    }: { paid?: boolean; api?: MerchantApiName } & Partial<PrepayRequest> = {}) => {
      const buyer = await loggedIn();
      const { order, payment } = await buy(await world.payWith({ api }), { token: buyer.token, ...purchase });
      const answer = await world.phone.act(buyer.person, 'pay', { prepayId: payment.package });
      const { outTradeNo } = order;
      if (paid) await checkOrder(world.pay, (await readOrder(world.table, outTradeNo))!);
      return { ...buyer, outTradeNo, transactionId: (answer as { transactionId: string }).transactionId };
    },
    settle: (transaction: Transaction) => settlePayment(world.base, asVerified(transaction)),
  };
}

type PrepayDeps = Parameters<typeof prepay>[0];
type PrepayRequest = Parameters<typeof prepay>[1];

/** Orders a coffee in the app of the session. Fields of `request` replace the defaults. */
export async function buy(deps: PrepayDeps, request: Partial<PrepayRequest> & { token: string }) {
  const bought = await prepay(deps, { sku: 'coffee', tradeType: 'JSAPI', address: '203.0.113.7', ...request });
  return { order: bought.order, payment: bought.payment as JsapiPayment };
}

/** Returns a payment of 18 yuan for an order. Fields of `change` replace the defaults. */
export function transactionFor(outTradeNo: string, change: Partial<Transaction> = {}): Transaction {
  const paidAt = '2026-11-20T00:00:00.000Z';
  return {
    appId: ids.miniapp.appId,
    mchId: ids.pay.mchId,
    outTradeNo,
    tradeState: 'SUCCESS',
    payment: { transactionId: `42${outTradeNo}`, paidAt, amountFen: 1800, currency: 'CNY' },
    ...change,
  };
}
