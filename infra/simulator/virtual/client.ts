// The checks of the buyer's WeChat before `wx.requestVirtualPayment` shows the payment sheet.
import { ControlError } from '../control-error.ts';
import { isRecord, parseJson } from '../http.ts';
import { sessionSignature } from '../open-data.ts';
import type { WechatUser } from '../wechat-users.ts';
import { LIVE, SANDBOX } from './ledger.ts';
import type { Env, VirtualOrder } from './ledger.ts';
import { CLIENT_URI, paySignature } from './sign.ts';
import { appKeyOf } from './world.ts';
import type { VirtualWorld } from './world.ts';

/** The arguments of `wx.requestVirtualPayment`, as the page of the mini-program passes them. */
export type ClientRequest = Record<'mode' | 'signData' | 'paySig' | 'signature', unknown>;

interface SignData {
  offerId: string;
  buyQuantity: number;
  env: Env;
  currencyType: string;
  productId: string;
  goodsPrice: number;
  outTradeNo: string;
  attach: string;
}

const TEXT_FIELDS = ['offerId', 'currencyType', 'productId', 'outTradeNo', 'attach'] as const;
const NUMBER_FIELDS = ['buyQuantity', 'env', 'goodsPrice'] as const;
/** 8 to 32 characters, the first of which is no `_`. */
const OUT_TRADE_NO = /^(?!_)[0-9A-Za-z_\-|*@]{8,32}$/;

/**
 * Builds the error of a failed call.
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/virtual-payment.html
 */
export function clientError(errCode: number, reason: string): ControlError {
  const message = `requestVirtualPayment:fail errCode ${errCode}: ${reason}`;
  return new ControlError(403, 'VIRTUAL_PAYMENT_FAILED', message, { errCode });
}

/** Checks a call and creates its order at WeChat. @throws ControlError with the errCode of the client */
export function openVirtualOrder(world: VirtualWorld, user: WechatUser, request: ClientRequest): VirtualOrder {
  const { signData, paySig, signature, mode } = request;
  if (mode !== 'short_series_goods') throw clientError(-15001, 'mode must be short_series_goods');
  if (typeof signData !== 'string' || typeof paySig !== 'string' || typeof signature !== 'string')
    throw clientError(-15001, 'signData, paySig and signature must be text');
  const data = readSignData(signData);
  if (data.env !== LIVE && data.env !== SANDBOX) throw clientError(-15011, 'env must be 0 or 1');
  if (paySig !== paySignature(CLIENT_URI, signData, appKeyOf(world, data.env)))
    throw clientError(-15006, 'paySig is not the signature with the AppKey of this env');
  assertSignedByUser(user, signData, signature);
  assertBuyable(world, data);
  const { env, outTradeNo, attach, productId, goodsPrice, buyQuantity } = data;
  const purchase = { productId, unitFen: goodsPrice, quantity: buyQuantity };
  return world.orders.open({ env, outTradeNo, attach, user, purchase });
}

function readSignData(signData: string): SignData {
  const data = parseJson(Buffer.from(signData));
  if (!isRecord(data)) throw clientError(-15016, 'signData is not the JSON of an object');
  const wrongText = TEXT_FIELDS.find((name) => typeof data[name] !== 'string');
  const wrongNumber = NUMBER_FIELDS.find((name) => !Number.isSafeInteger(data[name]));
  const wrong = wrongText ?? wrongNumber;
  if (wrong) throw clientError(-15001, `${wrong} of signData must be ${wrongText ? 'text' : 'an integer'}`);
  return data as unknown as SignData;
}

/** Each login replaces the session key, and the client accepts the newest key only. */
function assertSignedByUser({ sessionKey, oldSessionKeys }: WechatUser, signData: string, signature: string): void {
  const isSignedWith = (key: string) => signature === sessionSignature(key, signData);
  if (sessionKey !== undefined && isSignedWith(sessionKey)) return;
  if (sessionKey === undefined || oldSessionKeys.some(isSignedWith))
    throw clientError(-15007, 'the session key has expired: log in and sign again');
  throw clientError(-15005, 'signature is not the signature with the session key');
}

function assertBuyable({ settings, goods, orders, clock }: VirtualWorld, data: SignData): void {
  if (data.offerId !== settings.offerId) throw clientError(-15001, 'offerId is not that of the mini-program');
  if (data.currencyType !== 'CNY') throw clientError(-15004, 'currencyType must be CNY');
  if (data.buyQuantity < 1) throw clientError(-15001, 'buyQuantity must be 1 or more');
  if (!OUT_TRADE_NO.test(data.outTradeNo)) throw clientError(-15001, 'outTradeNo has a wrong form');
  const good = goods.find(data.env, data.productId);
  if (!good?.isPublished) throw clientError(-15010, 'the good is not published');
  if (good.buyableAt > clock.now()) throw clientError(-15014, 'the good was published too recently');
  if (good.priceFen !== data.goodsPrice) throw clientError(-15013, 'goodsPrice is not the price of the good');
  if (orders.has(data.outTradeNo)) throw clientError(-15002, 'outTradeNo was used before');
}
