// WeChat Pay as the flows know it: both protocols, put together as lib/wiring/deps-pay.ts does it, with the keys of the tests.
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { platformKeys } from '../../lib/wechat-pay/platform-keys.ts';
import { payApiV2 } from '../../lib/wechat-pay/v2/api.ts';
import { payApiV3 } from '../../lib/wechat-pay/v3/api.ts';
import { fetchCertificates } from '../../lib/wechat-pay/v3/certificates.ts';
import type { PayDeps } from '../../lib/wechat-pay/v3/client.ts';
import { createRefund } from '../../lib/wechat-pay/v3/refunds.ts';
import type { Runtime } from '../../lib/core/runtime.ts';
import type { Order, PayApiName } from '../../lib/store/orders.ts';
import type { Refund } from '../../lib/store/refunds.ts';
import type { Table } from '../../lib/store/table.ts';

interface Outside {
  base: Runtime & { table: Table };
  ids: {
    miniapp: { appId: string };
    pay: { mchId: string; certSerial: string; apiV3Key: string; apiV2Key: string; platformKeyId: string };
    merchantPrivateKey: string;
    platformPublicKey: string;
  };
  payBaseUrl: string;
  notifyUrls: Record<PayApiName, string>;
}

/** What a test may put in the place of the real thing. */
type Change = Partial<PayDeps> & { api?: PayApiName; withoutPublicKey?: boolean };

/** What the flows of payments are handed; each call is one cold instance. */
export function payDeps({ base, ids, payBaseUrl, notifyUrls }: Outside, change: Change = {}) {
  const { api = 'v3', withoutPublicKey = false, ...changed } = change;
  const { mchId, certSerial, apiV3Key, apiV2Key, platformKeyId } = ids.pay;
  const key = createPublicKey(ids.platformPublicKey);
  const publicKey = withoutPublicKey ? undefined : { id: platformKeyId, key };
  const merchant = { mchId, certSerial, privateKey: createPrivateKey(ids.merchantPrivateKey) };
  const signing = { ...base, payBaseUrl, merchant, platformKeyId: publicKey?.id, ...changed };
  const keysDeps = {
    ...base,
    mchId,
    publicKey,
    fetchCertificates: () =>
      fetchCertificates({
        ...signing,
        apiV3Keys: [apiV3Key],
        platformKeys: async (serial) => (serial === publicKey?.id ? publicKey.key : undefined),
      }),
  };
  const v3: PayDeps = { platformKeys: platformKeys(keysDeps), ...signing };
  const v2 = { ...signing, mchId, apiV2Key, appId: ids.miniapp.appId };
  return {
    v3,
    v2,
    keysDeps,
    payApi: async (name: PayApiName) => (name === 'v2' ? payApiV2(v2) : payApiV3(v3)),
    requestRefund: (order: Order, refund: Refund) => createRefund(v3, order, refund),
    refundNotifyUrl: notifyUrls.v3,
    refreshKeys: async () => undefined,
    newOrders: { api, mchId, notifyUrl: notifyUrls[api] },
  };
}
