import { getJssdkConfig, getVerificationFile, oauthAuthorize, oauthCallback } from '../api/h5.ts';
import { bindPhone, deleteMe, getMe, miniappLogin, postLogout, putProfile, registerAccount } from '../api/identity.ts';
import { getOrder, getOrders, postOrderClose, postPrepay } from '../api/pay.ts';
import { createQrLogin, decideQrLogin, pollQrLogin } from '../api/scan-login.ts';
import { getHealth, getJwks, getOpenapi } from '../api/service.ts';
import { getWallet } from '../api/wallet.ts';
import type { Endpoint } from '../endpoint.ts';

/** Endpoints by their tag and their operationId. */
export type EndpointList = Record<string, Record<string, Endpoint>>;

/**
 * Every endpoint there is. The methods of the clients have these names, so a name stays once it is published. What is
 * tagged `Service` is for machines, WeChat among them, and no method of a client.
 */
export const ENDPOINTS = {
  Account: {
    loginMiniapp: miniappLogin,
    bindPhone,
    updateProfile: putProfile,
    getMe,
    logout: postLogout,
    closeAccount: deleteMe,
    register: registerAccount,
  },
  'Scan login': { createQrLogin, pollQrLogin, decideQrLogin },
  H5: { authorize: oauthAuthorize, getJssdkConfig },
  Payment: { prepay: postPrepay, listOrders: getOrders, getOrder, closeOrder: postOrderClose, getWallet },
  Service: { oauthCallback, getVerificationFile, getHealth, getJwks, getOpenapi },
} satisfies EndpointList;
