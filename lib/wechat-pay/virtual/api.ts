import type { PayApi, RefundApi } from '../pay-api.ts';
import type { VirtualDeps } from './client.ts';
import { assertUnpaid, notifyProvideGoods } from './orders.ts';
import { queryVirtualOrder } from './query-order.ts';
import { queryVirtualRefund } from './refunds.ts';

/** Returns the calls about orders of virtual payment. */
export function virtualPayApi(deps: VirtualDeps): PayApi {
  return {
    query: async (order) => (await queryVirtualOrder(deps, order)).transaction,
    close: (order) => assertUnpaid(deps, order),
    confirmDelivery: (order) => notifyProvideGoods(deps, order),
  };
}

/** Returns the calls about refunds of virtual payment. */
export function virtualRefundApi(deps: VirtualDeps): RefundApi {
  return { query: (refund, order) => queryVirtualRefund(deps, refund, order) };
}
