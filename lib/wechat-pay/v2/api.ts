import type { PayApi } from '../pay-api.ts';
import type { PayV2Deps } from './client.ts';
import { closeOrder, createOrder, queryOrder } from './orders.ts';
import { signJsapiPaymentV2 } from './payment-sheet.ts';
import { queryRefund } from './refunds.ts';

/** WeChat Pay by API v2. `appId` is any app of the merchant, for calls that are about none. */
export function payApiV2(deps: PayV2Deps & { appId: string }): PayApi {
  return {
    create: (order) => createOrder(deps, order),
    signPayment: ({ appId }, prepayId) => signJsapiPaymentV2(deps.apiV2Key, { appId, prepayId }, deps),
    query: (order) => queryOrder(deps, order),
    close: (order) => closeOrder(deps, order),
    queryRefund: (refund) => queryRefund(deps, refund, deps.appId),
  };
}
