import { login } from '../../lib/identity/login.ts';
import { putCatalog } from '../../lib/pay/catalog.ts';
import { prepay } from '../../lib/pay/prepay.ts';
import { settlePayment } from '../../lib/pay/settle.ts';
import type { Transaction } from '../../lib/pay/v3/transaction.ts';
import { ids, type World } from './world.ts';

/** The catalogue of the local stack, people who buy from it, and WeChat's word on their payments. */
export async function createBuyers(world: World) {
  await putCatalog(world.base, {
    items: [
      { sku: 'coffee', description: 'Coffee', kind: 'goods', unitFen: 1800 },
      { sku: 'top-up', description: 'Top-up', kind: 'wallet-topup', minFen: 100, maxFen: 500_000 },
    ],
  });
  const loggedIn = async () => {
    const person = await world.phone.newPerson();
    const { token, user } = await login(world.miniapp, await world.phone.loginCode(person));
    return { person, token, user };
  };
  return {
    loggedIn,
    newOrder: async (purchase = {}) => {
      const buyer = await loggedIn();
      return { ...buyer, ...(await prepay(world.pay, { token: buyer.token, sku: 'coffee', ...purchase })) };
    },
    settle: (transaction: Transaction) => settlePayment(world.base, transaction),
  };
}

/** A payment of 18 yuan for this order, unless `change` says otherwise. */
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
