import type { CreateApi, PayApi, RefundApi } from '../pay-api.ts';
import type { PayV2Deps } from './client.ts';
import { closeTransactionV2, createTransactionV2 } from './orders.ts';
import { signJsapiPaymentV2 } from './payment-sheet.ts';
import { queryRefundV2 } from './refunds.ts';
import { queryTransactionV2 } from './transaction.ts';

/** `appId` is any app of the merchant, for calls without an order: API v2 requires an app in every call. */
export type PayApiV2Deps = PayV2Deps & { appId: string };

/** Returns the calls about orders in API v2. */
export function payApiV2(deps: PayApiV2Deps): PayApi & CreateApi {
  return {
    create: (order) => createTransactionV2(deps, order),
    signPayment: ({ appId }, prepayId) => signJsapiPaymentV2(deps.apiV2Key, { appId, prepayId }, deps),
    query: (order) => queryTransactionV2(deps, order),
    close: (order) => closeTransactionV2(deps, order),
  };
}

/** Returns the calls about refunds in API v2. */
export function refundApiV2(deps: PayApiV2Deps): RefundApi {
  return { query: (refund) => queryRefundV2(deps, refund, deps.appId) };
}
