import { addressSetting, settings, variable } from '../core/config.ts';
import { AppError } from '../core/errors.ts';
import { once } from '../core/once.ts';
import type { Send } from '../core/outbound.ts';
import type { Runtime } from '../core/runtime.ts';
import type { CheckDeps } from '../pay/check-order.ts';
import type { CreateDeps } from '../pay/create-at-wechat.ts';
import type { RefundDeps } from '../pay/follow-refund.ts';
import { certificateStore } from '../store/certificates.ts';
import type { MerchantApiName, Order, PayApiName } from '../store/orders.ts';
import type { Refund } from '../store/refunds.ts';
import { loadApiV2Key, loadApiV3Keys, loadMerchant, loadPublicKey } from '../wechat-pay/credentials.ts';
import type { CreateApi, PayApi, RefundApi, WechatRefund } from '../wechat-pay/pay-api.ts';
import { payApiV2, refundApiV2, type PayApiV2Deps } from '../wechat-pay/v2/api.ts';
import { payApiV3, refundApiV3 } from '../wechat-pay/v3/api.ts';
import { fetchCertificates, type PlatformCertificate } from '../wechat-pay/v3/certificates.ts';
import type { PayV3Deps, SigningDeps } from '../wechat-pay/v3/client.ts';
import { platformKeyRing, type PlatformKeyRing } from '../wechat-pay/v3/platform-keys.ts';
import { createRefund } from '../wechat-pay/v3/refunds.ts';
import type { PlatformKeys } from '../wechat-pay/v3/verify-signature.ts';
import type { Verified } from '../wechat-pay/verified.ts';
import { loadTable } from './table.ts';

/** The calls of virtual payment about refunds. */
export interface VirtualRefunds {
  api: RefundApi;
  request(order: Order, refund: Refund): Promise<Verified<WechatRefund>>;
}

export interface PayClients {
  v2(): Promise<PayApiV2Deps>;
  v3(): Promise<(send: Send) => PayV3Deps>;
  /** Absent where no order of virtual payment can occur, such as in notifications of a merchant number. */
  ordersOfVirtual?(send: Send): Promise<PayApi>;
  refundsOfVirtual?(send: Send): Promise<VirtualRefunds>;
}

/** Returns the calls about orders and refunds over a given `send`. */
export function refundCalls(
  clients: PayClients,
): (send: Send) => Pick<RefundDeps, 'payApi' | 'refundApi' | 'requestRefund'> {
  const orders = orderCalls(clients);
  const virtual = (send: Send) => clients.refundsOfVirtual?.(send) ?? notExpected();
  return (send) => ({
    ...orders(send),
    refundApi: async (name) => {
      if (name === 'virtual') return (await virtual(send)).api;
      return name === 'v2' ? refundApiV2({ ...(await clients.v2()), send }) : refundApiV3((await clients.v3())(send));
    },
    requestRefund: async (order, refund) => {
      if (order.api === 'virtual') return (await virtual(send)).request(order, refund);
      return createRefund((await clients.v3())(send), order, refund);
    },
  });
}

/** Returns the calls about orders over a given `send`. */
export function orderCalls(clients: PayClients): (send: Send) => Pick<CheckDeps, 'payApi'> {
  return (send) => ({
    payApi: async (name) => {
      if (name === 'virtual') return clients.ordersOfVirtual?.(send) ?? notExpected();
      return merchantApi(clients, name, send);
    },
  });
}

/** Returns the calls about orders of a merchant number, and their creation, over a given `send`. */
export function createCalls(clients: PayClients): (send: Send) => Pick<CreateDeps, 'createApi' | 'payApi'> {
  return (send) => {
    const api = async (name: PayApiName) => (name === 'virtual' ? notExpected() : merchantApi(clients, name, send));
    return { createApi: api, payApi: api };
  };
}

async function merchantApi({ v2, v3 }: PayClients, name: MerchantApiName, send: Send): Promise<PayApi & CreateApi> {
  return name === 'v2' ? payApiV2({ ...(await v2()), send }) : payApiV3((await v3())(send));
}

function notExpected(): never {
  throw new AppError('INTERNAL', 'No order of virtual payment can occur here');
}

/**
 * Returns the loaders of both protocols of a merchant number. The credentials of a protocol are loaded at its first call,
 * and shared by all requests.
 */
export function payClients(outside: Runtime) {
  return { v2: once(() => loadPayV2(outside)), v3: once(() => loadPayV3(outside)) };
}

/**
 * Loads the dependencies of calls of API v3 over a given `send`.
 * @throws NOT_CONFIGURED
 */
export async function loadPayV3(outside: Runtime): Promise<(send: Send) => PayV3Deps> {
  const [keys, signing] = await Promise.all([loadPlatformKeys(outside), loadSigning(outside)]);
  return (send) => ({
    ...outside,
    ...signing,
    send,
    platformKeyId: keys.publicKeyId,
    platformKeys: keys.findWith(send),
  });
}

/**
 * Loads the dependencies of calls of API v2. Each call requires an app id; any app of the merchant is valid.
 * @throws NOT_CONFIGURED
 */
export async function loadPayV2(outside: Runtime): Promise<PayApiV2Deps> {
  const payBaseUrl = addressSetting('WECHAT_PAY_BASE_URL');
  const { PAY_MCH_ID: mchId } = settings('PAY_MCH_ID');
  const appId = variable('MINIAPP_APP_ID') ?? settings('OFFICIAL_APP_ID').OFFICIAL_APP_ID;
  return { ...outside, payBaseUrl, mchId, appId, apiV2Key: await loadApiV2Key() };
}

interface LoadedPlatformKeys {
  publicKeyId: string | undefined;
  ring: PlatformKeyRing;
  findWith(send: Send): PlatformKeys;
  fetchWith(send: Send): () => Promise<PlatformCertificate[]>;
}

/**
 * Loads the keys of WeChat Pay. With a configured public key, the credentials of the merchant are loaded only when
 * WeChat signs with a certificate.
 * @throws NOT_CONFIGURED
 */
export async function loadPlatformKeys(outside: Runtime): Promise<LoadedPlatformKeys> {
  const publicKey = await loadPublicKey();
  const [{ table }, { PAY_MCH_ID: mchId }] = [await loadTable(outside), settings('PAY_MCH_ID')];
  if (!publicKey) await loadApiV3Keys();
  const ring = platformKeyRing({ ...outside, certificates: certificateStore(table, mchId), publicKey });
  const fetchWith = (send: Send) => async () => {
    const [signing, apiV3Keys] = await Promise.all([loadSigning(outside), loadApiV3Keys()]);
    const deps = { ...signing, send, platformKeyId: publicKey?.id, apiV3Keys, platformKeys: ring.findConfigured };
    return fetchCertificates(deps);
  };
  const findWith = (send: Send) => (serial: string) => ring.find(serial, fetchWith(send));
  return { publicKeyId: publicKey?.id, ring, findWith, fetchWith };
}

async function loadSigning(outside: Runtime): Promise<Runtime & Omit<SigningDeps, 'platformKeyId'>> {
  const payBaseUrl = addressSetting('WECHAT_PAY_BASE_URL');
  return { ...outside, payBaseUrl, merchant: await loadMerchant() };
}
