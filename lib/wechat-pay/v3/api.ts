import type { PayApi } from '../pay-api.ts';
import type { PayDeps } from './client.ts';
import { closeOrder, createOrder, queryOrder } from './orders.ts';
import { queryRefund } from './refunds.ts';
import { signJsapiPayment } from './signature.ts';

/** WeChat Pay by API v3. */
export function payApiV3(deps: PayDeps): PayApi {
  return {
    create: (order) => createOrder(deps, order),
    signPayment: ({ appId }, prepayId) => signJsapiPayment(deps.merchant.privateKey, { appId, prepayId }, deps),
    query: (order) => queryOrder(deps, order),
    close: (order) => closeOrder(deps, order),
    queryRefund: (refund) => queryRefund(deps, refund),
  };
}
