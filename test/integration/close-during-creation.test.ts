// Accounts that are closed while WeChat creates an order, by an instance that then fails.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AppError } from '../../lib/core/errors.ts';
import { closeAccount } from '../../lib/identity/close-account.ts';
import { sweep } from '../../lib/pay/sweep.ts';
import { orderPages } from '../../lib/store/order-lists.ts';
import type { Order, PayApiName } from '../../lib/store/orders.ts';
import type { CreateApi, PayApi } from '../../lib/wechat-pay/pay-api.ts';
import { buy, createBuyers } from '../support/buyers.ts';
import { interceptCommands } from '../support/crashes.ts';
import { createWorld, type World } from '../support/world.ts';

const FIRST_FOLLOW_UP_MS = 60_000;

let world: World;
let buyers: Awaited<ReturnType<typeof createBuyers>>;
beforeAll(async () => {
  world = await createWorld();
  buyers = await createBuyers(world);
});
afterAll(() => world.simulator.close());

async function onlyOrderOf(accountId: string): Promise<Order> {
  for await (const [order] of orderPages(world.table, accountId)) return order!;
  throw new Error('The account has no order');
}

async function stateAtWechat(order: Order): Promise<string> {
  return (await (await world.pay.payApi(order.api)).query(order)).tradeState;
}

const silent = () => Promise.reject(new AppError('WECHAT_TIMEOUT', 'silent'));

it.each(['the table fails', 'WeChat is silent'])(
  'the sweep closes an order at WeChat that was created after the close of its account, when %s after the creation',
  async (failure) => {
    const { token, user } = await buyers.loggedIn();
    const [began, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const createApi = async (name: PayApiName): Promise<PayApi & CreateApi> => {
      const api = await world.pay.createApi(name);
      const create = async (order: Order) => {
        began.resolve();
        await closed.promise;
        const paymentHandle = await api.create(order);
        return failure === 'WeChat is silent' ? silent() : paymentHandle;
      };
      return { ...(await world.pay.payApi(name)), ...api, create, close: silent };
    };
    let purchase: Promise<unknown> | undefined;
    const end = interceptCommands(world.table, async ({ text }, send) => {
      if (failure === 'the table fails' && text.includes('"paymentHandle"')) throw new Error('crash');
      if (text.includes('SET closedAt')) {
        purchase = buy({ ...world.pay, createApi, payApi: createApi }, { token }).catch((error: unknown) => error);
        await began.promise;
      }
      return send();
    });
    await closeAccount(world.closing, token);
    closed.resolve();
    expect(await purchase).toBeInstanceOf(Error);
    end();
    const order = await onlyOrderOf(user.id);
    expect([order.state, await stateAtWechat(order)]).toEqual(['CLOSED', 'NOTPAY']);
    world.clock.offsetMs = FIRST_FOLLOW_UP_MS + 1_000;
    await sweep(world.pay);
    world.clock.offsetMs = 0;
    expect(await stateAtWechat(order)).toBe('CLOSED');
    expect(await onlyOrderOf(user.id)).not.toHaveProperty('followUpPk');
  },
);
