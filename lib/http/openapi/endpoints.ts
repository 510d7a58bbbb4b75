import { authorize, getJssdkConfig, getVerificationFile, oauthCallback } from '../api/h5.ts';
import { bindPhone, closeAccount, getMe, loginMiniapp, logout, register, updateProfile } from '../api/identity.ts';
import { closeOrder, getOrder, listOrders, prepay } from '../api/pay.ts';
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
    loginMiniapp,
    bindPhone,
    updateProfile,
    getMe,
    logout,
    closeAccount,
    register,
  },
  'Scan login': { createQrLogin, pollQrLogin, decideQrLogin },
  H5: { authorize, getJssdkConfig },
  Payment: { prepay, listOrders, getOrder, closeOrder, getWallet },
  Service: { oauthCallback, getVerificationFile, getHealth, getJwks, getOpenapi },
} satisfies EndpointList;
