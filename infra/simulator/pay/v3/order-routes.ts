import type { Call } from '../../http.ts';
import { PayError } from '../error.ts';
import type { PayOrder, TradeType } from '../ledger.ts';
import { h5Url } from '../orders.ts';
import { nextLengthOf } from '../rule.ts';
import type { PayWorld } from '../world.ts';
import { closeRule, createRules } from './fields.ts';
import { renderTransaction } from './render.ts';
import { assertMchId, readBody } from './route.ts';
import type { V3Route } from './route.ts';

/** The checked body of a create call. */
interface CreateRequest {
  appid: string;
  mchid: string;
  description: string;
  out_trade_no: string;
  time_expire?: string;
  attach?: string;
  notify_url: string;
  amount: { total: number };
  payer?: { openid: string };
  scene_info?: { device_id?: string; payer_client_ip: string };
}

/**
 * The calls that create, query and close an order.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791856
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791859
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791860
 */
export function orderRoutes(world: PayWorld): V3Route[] {
  const { orders, settings } = world;
  const query = (call: Call, find: () => PayOrder): object => {
    assertMchId(call.query.get('mchid'), world, 'query');
    const order = find();
    return renderTransaction(order, settings.mchId, orders.stateOf(order));
  };
  return [
    {
      method: 'POST',
      path: /^\/v3\/pay\/transactions\/jsapi$/,
      handler: (call) => ({ prepay_id: createTransaction(world, 'JSAPI', call) }),
    },
    {
      method: 'POST',
      path: /^\/v3\/pay\/transactions\/native$/,
      handler: (call) => ({ code_url: createTransaction(world, 'NATIVE', call) }),
    },
    {
      method: 'POST',
      path: /^\/v3\/pay\/transactions\/h5$/,
      handler: (call) => ({ h5_url: h5Url(createTransaction(world, 'MWEB', call)) }),
    },
    {
      method: 'GET',
      path: /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)$/,
      handler: (call, outTradeNo) => query(call, () => orders.find(outTradeNo)),
    },
    {
      method: 'GET',
      path: /^\/v3\/pay\/transactions\/id\/([^/]+)$/,
      handler: (call, transactionId) => query(call, () => orders.findByTransaction(transactionId)),
    },
    {
      method: 'POST',
      path: /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)\/close$/,
      handler: (call, outTradeNo) => {
        assertMchId(readBody<{ mchid: string }>(call, closeRule).mchid, world, 'body');
        orders.close(outTradeNo);
        return undefined;
      },
    },
  ];
}

function createTransaction(world: PayWorld, tradeType: TradeType, call: Call): string {
  const request = readBody<CreateRequest>(call, createRules[tradeType], nextLengthOf(world.faults));
  assertMchId(request.mchid, world, 'body');
  if (!world.appIds.includes(request.appid)) {
    throw new PayError(400, 'APPID_MCHID_NOT_MATCH', '商户号mchid与appid不匹配');
  }
  const { attach, payer, scene_info: scene, time_expire: timeExpire } = request;
  if (payer && !world.users.hasOpenId(request.appid, payer.openid)) {
    throw world.faults.takeVariant('create', 'openid-mismatch')
      ? new PayError(500, 'OPENID_MISMATCH', 'openid和appid不匹配')
      : new PayError(400, 'PARAM_ERROR', '无效的openid');
  }
  return world.orders.create({
    tradeType,
    appId: request.appid,
    outTradeNo: request.out_trade_no,
    description: request.description,
    totalFen: request.amount.total,
    notifyUrl: request.notify_url,
    ...(attach !== undefined && { attach }),
    ...(scene?.device_id !== undefined && { deviceId: scene.device_id }),
    ...(scene && { payerAddress: scene.payer_client_ip }),
    ...(payer && { payerOpenId: payer.openid }),
    ...(timeExpire !== undefined && { expiresAt: Date.parse(timeExpire) }),
    sent: request,
  });
}
