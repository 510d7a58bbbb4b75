import { AppError } from '../../core/errors.ts';
import type { PayApi, RefundApi } from '../pay-api.ts';
import type { VirtualDeps } from './client.ts';
import { assertUnpaid, notifyProvideGoods, prepareVirtualOrder } from './orders.ts';
import { queryVirtualOrder } from './query-order.ts';
import { queryVirtualRefund } from './refunds.ts';
import { signClientCall } from './sign.ts';

/** Returns the calls about orders of virtual payment. */
export function virtualPayApi(deps: VirtualDeps): PayApi {
  return {
    create: (order) => prepareVirtualOrder(deps, order),
    signPayment: (_, signData, { sessionKey }) => {
      if (sessionKey === undefined) throw sessionKeyMissing();
      const signatures = signClientCall({ appKey: deps.virtual.appKey, sessionKey }, signData);
      return { mode: 'short_series_goods', signData, ...signatures };
    },
    query: async (order) => (await queryVirtualOrder(deps, order)).transaction,
    close: (order) => assertUnpaid(deps, order),
    confirmDelivery: (order) => notifyProvideGoods(deps, order),
  };
}

/** Returns the calls about refunds of virtual payment. */
export function virtualRefundApi(deps: VirtualDeps): RefundApi {
  return { query: (refund, order) => queryVirtualRefund(deps, refund, order) };
}

/** Returns the error for a session without a session key, such as that of a scan login. */
export function sessionKeyMissing(): AppError {
  return new AppError(
    'SESSION_EXPIRED',
    'This session has no session key; log in with wx.login, then repeat the request',
  );
}
