import { closeAccount, getMe, logout } from '../api/account.ts';
import { authorize, getJssdkConfig, getVerificationFile, oauthCallback } from '../api/h5.ts';
import { getCatalog } from '../api/catalog.ts';
import { bindPhone, loginMiniapp, register, updateProfile } from '../api/identity.ts';
import { closeOrder, getOrder, listOrders } from '../api/orders.ts';
import { prepay } from '../api/pay.ts';
import { createQrLogin, decideQrLogin, pollQrLogin } from '../api/scan-login.ts';
import { createUpload, getUpload } from '../api/uploads.ts';
import { getHealth, getJwks, getOpenapi } from '../api/service.ts';
import { getWallet } from '../api/wallet.ts';
import type { Endpoint } from '../endpoint.ts';

/** Endpoints by tag and operationId. */
export type EndpointList = Record<string, Record<string, Endpoint>>;

/**
 * Every endpoint of the API. The clients have a method with the same name for each endpoint, so a published name must
 * not change. Endpoints tagged `Service` are called by machines, such as WeChat or an image element; the clients have no
 * methods for them.
 */
export const ENDPOINTS = {
  Account: { loginMiniapp, bindPhone, updateProfile, getMe, logout, closeAccount, register },
  Uploads: { createUpload },
  'Scan login': { createQrLogin, pollQrLogin, decideQrLogin },
  H5: { authorize, getJssdkConfig },
  Payment: { getCatalog, prepay, listOrders, getOrder, closeOrder, getWallet },
  Service: { getUpload, oauthCallback, getVerificationFile, getHealth, getJwks, getOpenapi },
} satisfies EndpointList;
