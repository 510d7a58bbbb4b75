// Merchants that call the simulator through independent libraries. Each library signs its requests, verifies the answers, and
// verifies or decrypts the notifications by itself.
import Tenpay from 'tenpay';
import plugin from 'wechatpay-axios-plugin';
import { merchantKeys, platformKeys, settings } from '../unit/simulator/settings.ts';

const { appId } = settings.miniapp;
const { mchId, certSerial, apiV2Key = '', apiV3Key, platformKeyId = '' } = settings.pay;
const common = { appid: appId, mch_id: mchId };

export const TOTAL_FEN = 1800;
export const REFUND_FEN = 700;

interface Purchase {
  outTradeNo: string;
  notifyUrl: string;
  /** JSAPI with an openid, otherwise NATIVE. */
  openId?: string;
}

interface RefundOrder {
  outTradeNo: string;
  outRefundNo: string;
  notifyUrl: string;
}

/** A notification as the merchant's server receives it. */
interface Notice {
  headers: Record<string, unknown>;
  body: string;
}

/** The content of a verified notification, and the library's answer. */
interface Opened {
  outTradeNo: string;
  transactionId: string;
  totalFen: number;
  refund?: { outRefundNo: string; refundFen: number; status: string };
  answer: { status: number; body?: string };
}

/** One merchant. Every method throws when the library rejects a signature or WeChat Pay reports an error. */
export interface Merchant {
  create(purchase: Purchase): Promise<{ prepayId?: string; codeUrl?: string }>;
  query(outTradeNo: string): Promise<{ state: string; transactionId?: string }>;
  close(outTradeNo: string): Promise<unknown>;
  refund(order: RefundOrder): Promise<{ refundId: string }>;
  queryRefund(outRefundNo: string): Promise<{ status: string; refundId: string; refundFen: number }>;
  open(kind: 'pay' | 'refund', notice: Notice): Promise<Opened>;
}

/** Keys that differ from the merchant's, to test that a signature is checked. */
export interface OtherKeys {
  privateKey?: string;
  platformKey?: string;
  apiV2Key?: string;
}

export const axiosPlugin = (baseURL: string, keys: OtherKeys = {}) =>
  new plugin({
    baseURL,
    mchid: mchId,
    serial: certSerial,
    privateKey: keys.privateKey ?? merchantKeys.privateKey,
    certs: { [platformKeyId]: keys.platformKey ?? platformKeys.publicKey },
    secret: keys.apiV2Key ?? apiV2Key,
  }).client;

export function axiosPluginV3(baseURL: string, keys: OtherKeys = {}): Merchant {
  const { v3 } = axiosPlugin(baseURL, keys);
  const orders = '/v3/pay/transactions';
  const refunds = '/v3/refund/domestic/refunds';
  return {
    create: async ({ outTradeNo, notifyUrl, openId }) => {
      const { data } = await v3.post<V2Fields>(`${orders}/${openId ? 'jsapi' : 'native'}`, {
        appid: appId,
        mchid: mchId,
        description: '一杯咖啡 & <牛奶>',
        out_trade_no: outTradeNo,
        notify_url: notifyUrl,
        amount: { total: TOTAL_FEN, currency: 'CNY' },
        ...(openId && { payer: { openid: openId } }),
      });
      return { prepayId: data.prepay_id, codeUrl: data.code_url };
    },
    query: async (outTradeNo) => {
      const { data } = await v3.get<{ trade_state: string; transaction_id?: string }>(
        `${orders}/out-trade-no/${outTradeNo}`,
        { params: { mchid: mchId } },
      );
      return { state: data.trade_state, transactionId: data.transaction_id };
    },
    close: (outTradeNo) => v3.post(`${orders}/out-trade-no/${outTradeNo}/close`, { mchid: mchId }),
    refund: async ({ outTradeNo, outRefundNo, notifyUrl }) => {
      const { data } = await v3.post<{ refund_id: string }>(refunds, {
        out_trade_no: outTradeNo,
        out_refund_no: outRefundNo,
        notify_url: notifyUrl,
        amount: { refund: REFUND_FEN, total: TOTAL_FEN, currency: 'CNY' },
      });
      return { refundId: data.refund_id };
    },
    queryRefund: async (outRefundNo) => {
      const { data } = await v3.get<{ status: string; refund_id: string; amount: { refund: number } }>(
        `${refunds}/${outRefundNo}`,
      );
      return { status: data.status, refundId: data.refund_id, refundFen: data.amount.refund };
    },
    open: async (kind, { headers, body }) => {
      const header = (name: string) => String(headers[`wechatpay-${name}`]);
      const message = plugin.Formatter.response(header('timestamp'), header('nonce'), body);
      const key = header('serial') === platformKeyId ? platformKeys.publicKey : '';
      if (!plugin.Rsa.verify(message, header('signature'), key)) throw new Error('signature');
      const { ciphertext, nonce, associated_data: data } = JSON.parse(body).resource;
      const content = JSON.parse(plugin.Aes.AesGcm.decrypt(ciphertext, apiV3Key, nonce, data));
      return {
        outTradeNo: content.out_trade_no,
        transactionId: content.transaction_id,
        totalFen: content.amount.total,
        ...(kind === 'refund' && {
          refund: {
            outRefundNo: content.out_refund_no,
            refundFen: content.amount.refund,
            status: content.refund_status,
          },
        }),
        answer: { status: 204 },
      };
    },
  };
}

export function axiosPluginV2(signType: 'MD5' | 'HMAC-SHA256', baseURL: string, keys: OtherKeys = {}): Merchant {
  const { v2 } = axiosPlugin(baseURL, keys);
  const call = async (path: string, fields: object) =>
    (await v2.post<V2Fields>(path, { ...common, sign_type: signType, ...fields }, { security: true })).data;
  return {
    ...v2Merchant({
      create: (order) => call('/pay/unifiedorder', { spbill_create_ip: '203.0.113.7', ...order }),
      query: (order) => call('/pay/orderquery', order),
      close: (order) => call('/pay/closeorder', order),
      refund: (order) => call('/secapi/pay/refund', order),
      queryRefund: (order) => call('/pay/refundquery', order),
    }),
    open: async (kind, { body }) => {
      const fields = plugin.Transformer.toObject(body);
      if (kind === 'pay' && fields.sign !== plugin.Hash.sign(signType, fields, apiV2Key)) {
        throw new Error('signature');
      }
      const xml = kind === 'pay' ? body : plugin.Aes.AesEcb.decrypt(fields.req_info ?? '', plugin.Hash.md5(apiV2Key));
      const answer = plugin.Transformer.toXml({ return_code: 'SUCCESS', return_msg: 'OK' });
      return readNotice(kind, plugin.Transformer.toObject(xml), answer);
    },
  };
}

export function tenpay(signType: 'MD5' | 'HMAC-SHA256', baseURL: string, keys: OtherKeys = {}): Merchant {
  const peer = new Tenpay({ appid: appId, mchid: mchId, partnerKey: keys.apiV2Key ?? apiV2Key });
  for (const [name, url] of Object.entries(peer.urls)) peer.urls[name] = baseURL + new URL(url).pathname;
  const typed = (fields: object) => ({ sign_type: signType, ...fields });
  return {
    ...v2Merchant({
      create: (order) => peer.unifiedOrder(typed(order)),
      query: (order) => peer.orderQuery(typed(order)),
      close: (order) => peer.closeOrder(typed(order)),
      refund: (order) => peer.refund(typed(order)),
      queryRefund: (order) => peer.refundQuery(typed(order)),
    }),
    open: async (kind, { body }) => {
      const request: { body: string; weixin?: V2Fields } = { body };
      let answer = '';
      const response = { header: () => undefined, send: (sent: string) => void (answer = sent) };
      const accept = () => (response as { reply?(): void }).reply?.();
      await peer.middlewareForExpress(kind)(request, response, accept);
      if (!request.weixin) throw new Error(answer);
      // The middleware replaces the text of `req_info` with its fields.
      const content = kind === 'pay' ? request.weixin : (request.weixin.req_info as unknown as V2Fields);
      return readNotice(kind, content, answer);
    },
  };
}

type V2Fields = Record<string, string>;
type V2Calls = Record<'create' | 'query' | 'close' | 'refund' | 'queryRefund', (fields: object) => Promise<V2Fields>>;

/** The calls of a merchant by the fields of API v2. */
function v2Merchant(calls: V2Calls): Omit<Merchant, 'open'> {
  return {
    create: async ({ outTradeNo, notifyUrl, openId }) => {
      const answer = await calls.create({
        body: '一杯咖啡 & <牛奶>',
        out_trade_no: outTradeNo,
        total_fee: String(TOTAL_FEN),
        notify_url: notifyUrl,
        ...(openId ? { trade_type: 'JSAPI', openid: openId } : { trade_type: 'NATIVE', product_id: 'coffee' }),
      });
      return { prepayId: answer.prepay_id, codeUrl: answer.code_url };
    },
    query: async (outTradeNo) => {
      const answer = await calls.query({ out_trade_no: outTradeNo });
      return { state: answer.trade_state ?? '', transactionId: answer.transaction_id };
    },
    close: (outTradeNo) => calls.close({ out_trade_no: outTradeNo }),
    refund: async ({ outTradeNo, outRefundNo, notifyUrl }) => {
      const answer = await calls.refund({
        out_trade_no: outTradeNo,
        out_refund_no: outRefundNo,
        total_fee: String(TOTAL_FEN),
        refund_fee: String(REFUND_FEN),
        notify_url: notifyUrl,
      });
      return { refundId: answer.refund_id ?? '' };
    },
    queryRefund: async (outRefundNo) => {
      const answer = await calls.queryRefund({ out_refund_no: outRefundNo });
      const { refund_status_0: status = '', refund_id_0: refundId = '', refund_fee_0: fen } = answer;
      return { status, refundId, refundFen: Number(fen) };
    },
  };
}

function readNotice(kind: 'pay' | 'refund', content: V2Fields, answer: string): Opened {
  const { out_refund_no: outRefundNo = '', refund_fee: refundFen, refund_status: status = '' } = content;
  return {
    outTradeNo: content.out_trade_no ?? '',
    transactionId: content.transaction_id ?? '',
    totalFen: Number(content.total_fee),
    ...(kind === 'refund' && { refund: { outRefundNo, refundFen: Number(refundFen), status } }),
    answer: { status: 200, body: answer },
  };
}
