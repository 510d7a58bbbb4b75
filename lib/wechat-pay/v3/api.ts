import type { CreateApi, PayApi, RefundApi } from '../pay-api.ts';
import type { PayV3Deps } from './client.ts';
import { closeTransaction, createTransaction } from './orders.ts';
import { queryRefund } from './refunds.ts';
import { signJsapiPayment } from './signature.ts';
import { queryTransaction } from './transaction.ts';

/** Returns the calls about orders in API v3. */
export function payApiV3(deps: PayV3Deps): PayApi & CreateApi {
  return {
    create: (order) => createTransaction(deps, order),
    signPayment: ({ appId }, prepayId) => signJsapiPayment(deps.merchant.privateKey, { appId, prepayId }, deps),
    query: (order) => queryTransaction(deps, order),
    close: (order) => closeTransaction(deps, order),
  };
}

/** Returns the calls about refunds in API v3. */
export function refundApiV3(deps: PayV3Deps): RefundApi {
  return { query: (refund) => queryRefund(deps, refund) };
}
