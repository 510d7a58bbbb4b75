// Everything that this system signs or encrypts, collected from its flows.
import { randomUUID } from 'node:crypto';
import { getJssdkConfig } from '../../lib/h5/jssdk-config.ts';
import { readFields, type V2Fields } from '../../lib/wechat-pay/v2/fields.ts';
import { openTradeBillV2 } from '../../lib/wechat-pay/v2/bills.ts';
import { openTradeBill } from '../../lib/wechat-pay/v3/bills.ts';
import { signLoginState } from '../../lib/wechat/session-key.ts';
import { loadPayV3 } from '../../lib/wiring/pay-calls.ts';
import { loadJssdk } from '../../lib/wiring/h5.ts';
import { readOrder, type Order } from '../../lib/store/orders.ts';
import type { Refund } from '../../lib/store/refunds.ts';
import type { Runtime } from '../../lib/core/runtime.ts';
import { checkOrder } from '../../lib/pay/check-order.ts';
import { refundOrder } from '../../lib/pay/refund-order.ts';
import { buy, createBuyers } from './buyers.ts';
import { invoke, type Handler } from './function-url.ts';
import { functionUrlEvent, pushRequest, pushText } from './miniapp-push.ts';
import { sealedEvent, nowS, ORIGINAL_ID, type OfficialWorld } from './official-world.ts';
import { createVirtualBuyers } from './virtual-buyers.ts';
import { ids } from './world.ts';

/** One signed or encrypted message. `purpose` is the entry point that accepts it, if there is one. */
export interface OwnMessage {
  what: string;
  /** The module that signs. */
  signer: string;
  text: string;
  fields: Record<string, string>;
  purpose?: 'session' | 'registration' | 'oauth-state' | 'poll-token';
}

/** Runs each flow that signs and returns its messages. */
export async function collectOwnMessages(world: OfficialWorld): Promise<OwnMessage[]> {
  return [
    ...(await payMessages(world)),
    ...(await virtualPayMessages(world)),
    ...(await tokenMessages(world)),
    await jssdkMessage(world),
    await replyMessage(world),
    await miniappReplyMessage(),
    loginStateMessage(),
  ];
}

const V2 = { signer: 'lib/wechat-pay/v2/sign.ts' };
const V3 = { signer: 'lib/wechat-pay/v3/signature.ts' };

/** Places, queries, closes and refunds orders in both protocols, and records each request and payment sheet. */
async function payMessages(world: OfficialWorld): Promise<OwnMessage[]> {
  const messages: OwnMessage[] = [];
  const record = ({ url, body = '', headers = {} }: Parameters<Runtime['send']>[0]) => {
    const text = String(body);
    const { authorization = '' } = headers;
    if (authorization.startsWith('WECHATPAY2')) {
      const fields = Object.fromEntries([...authorization.matchAll(/(\w+)="([^"]+)"/g)].map(([, k, v]) => [k!, v!]));
      messages.push({ ...V3, what: `v3 request ${url.pathname}`, text, fields });
    } else if (text.startsWith('<xml>')) {
      messages.push({ ...V2, what: `v2 request ${url.pathname}`, text, fields: readFields(text) });
    }
  };
  const send: Runtime['send'] = (request) => {
    record(request);
    return world.base.send(request);
  };
  const buyers = await createBuyers(world);
  for (const api of ['v2', 'v3'] as const) {
    const pay = await world.payWith({ api, send });
    const { token } = await buyers.loggedIn();
    const { order, payment } = await buy(pay, { token });
    const stored = (await readOrder(world.table, order.outTradeNo)) as Order;
    const { paySign: sign, ...fields } = { ...payment };
    const about = api === 'v2' ? V2 : V3;
    messages.push({ ...about, what: `${api} paySign`, text: JSON.stringify(payment), fields: { ...fields, sign } });
    const calls = await pay.payApi(api);
    await calls.query(stored).catch(() => undefined);
    await calls.close(stored).catch(() => undefined);
    const refund = { outRefundNo: `R-${randomUUID()}`, amountFen: 1, outTradeNo: order.outTradeNo } as Refund;
    if (api === 'v3') await pay.requestRefund({ ...stored, transactionId: '42' }, refund).catch(() => undefined);
    await (await pay.refundApi(api)).query(refund, stored).catch(() => undefined);
  }
  await (await world.payWith({ send })).refreshKeys().catch(() => undefined);
  const base = { ...world.outside, payBaseUrl: world.simulator.url, mchId: ids.pay.mchId, appId: ids.miniapp.appId };
  const startDownload = async (request: Parameters<Runtime['send']>[0]) => {
    record(request);
    throw new Error('not sent');
  };
  const bill = { ...base, apiV2Key: ids.pay.apiV2Key, startDownload };
  const v3 = { ...(await loadPayV3(world.outside))(send), startDownload };
  await openTradeBill(v3 as unknown as Parameters<typeof openTradeBill>[0], '2026-11-20').catch(() => undefined);
  await openTradeBillV2(bill as unknown as Parameters<typeof openTradeBillV2>[0], '2026-11-20').catch(() => undefined);
  return messages;
}

/** Sells, queries, closes and refunds virtual goods, and records each request and payment. */
async function virtualPayMessages(world: OfficialWorld): Promise<OwnMessage[]> {
  const signer = 'lib/wechat-pay/virtual/sign.ts';
  const messages: OwnMessage[] = [];
  const send: Runtime['send'] = (request) => {
    const { pathname, searchParams } = request.url;
    const [sign, what] = [searchParams.get('pay_sig'), `virtual request ${pathname}`];
    if (sign !== null && !messages.some((message) => message.what === what)) {
      messages.push({ signer, what, text: String(request.body), fields: { signature: sign, sign } });
    }
    return world.base.send(request);
  };
  const pay = await world.payWith({ send });
  const buyers = await createVirtualBuyers(world);
  const { outTradeNo, payment } = await buyers.paidOrder();
  const { signData: text, paySig, signature } = payment;
  messages.push({ signer, what: 'virtual paySig', text, fields: { signature: paySig, sign: paySig } });
  messages.push({ signer, what: 'virtual signature', text, fields: { signature, sign: signature } });
  // Books the payment, and reports the delivery.
  await checkOrder(pay, await buyers.stored(outTradeNo));
  const outRefundNo = `R-${outTradeNo.slice(-20)}`;
  const { refund } = await refundOrder(pay, { outTradeNo, outRefundNo, amountFen: 1 });
  await (await pay.refundApi('virtual')).query({ outRefundNo: refund.outRefundNo }, await buyers.stored(outTradeNo));
  return messages;
}

async function tokenMessages(world: OfficialWorld): Promise<OwnMessage[]> {
  const signer = 'lib/identity/session-token.ts';
  const { tokens } = world.sessions;
  const [sid, accountId] = [randomUUID(), 'k3v9x2m7q1w8z4t6'];
  const session = await tokens.signSession({ sid, accountId, createdAtMs: Date.now(), expiresAt: nowS() + 3_600 });
  const registration = await tokens.signRegistration({ appId: ids.official.appId, openId: `o${'x'.repeat(27)}`, sid });
  const state = await tokens.signOauthState({ state: 'state', redirect: 'https://www.example.com/' });
  const named = { session, registration, 'oauth-state': state, 'poll-token': randomUUID() };
  return Object.entries(named).map(([purpose, text]) => ({
    what: `${purpose} token`,
    signer,
    text,
    fields: { token: text },
    purpose: purpose as NonNullable<OwnMessage['purpose']>,
  }));
}

async function jssdkMessage(world: OfficialWorld): Promise<OwnMessage> {
  const config = await getJssdkConfig(await loadJssdk(world.outside), 'https://www.example.com/page');
  const { nonceStr, timestamp, signature, url } = config;
  const fields = { noncestr: nonceStr, timestamp: String(timestamp), url, signature, nonce: nonceStr, sign: signature };
  return { what: 'wx.config', signer: 'lib/wechat/jssdk-signature.ts', text: JSON.stringify(config), fields };
}

/** A reply of the official account, which has the format of an encrypted push. */
async function replyMessage(world: OfficialWorld): Promise<OwnMessage> {
  const push =
    `<xml><ToUserName>${ORIGINAL_ID}</ToUserName><FromUserName>o_reader</FromUserName><CreateTime>${nowS()}</CreateTime>` +
    '<MsgType>text</MsgType><Content>hi</Content><MsgId>90071992547409931</MsgId></xml>';
  const { body = '' } = await world.send(await sealedEvent(world, push));
  const { MsgSignature, TimeStamp, Nonce, Encrypt } = readFields(body) as V2Fields;
  const fields = { msg_signature: MsgSignature!, timestamp: TimeStamp!, nonce: Nonce!, sign: MsgSignature! };
  const text = `<xml><ToUserName>${ORIGINAL_ID}</ToUserName><Encrypt>${Encrypt}</Encrypt></xml>`;
  return { what: 'reply of the official account', signer: 'lib/wechat/message-cipher.ts', text, fields };
}

/** An answer of the mini-program, which has the format of an encrypted push in JSON. */
async function miniappReplyMessage(): Promise<OwnMessage> {
  const { handler } = await import('../../functions/miniapp-events.ts');
  const push = pushRequest(pushText('json', { MsgType: 'event', Event: 'xpay_refund_notify' }));
  const { body: text = '' } = await invoke(handler as unknown as Handler, functionUrlEvent(push));
  const { MsgSignature, TimeStamp, Nonce, Encrypt } = JSON.parse(text) as Record<string, string>;
  const fields = { Encrypt: Encrypt!, msg_signature: MsgSignature!, timestamp: String(TimeStamp), nonce: Nonce! };
  return { what: 'reply of the mini-program', signer: 'lib/wechat/message-cipher.ts', text, fields };
}

function loginStateMessage(): OwnMessage {
  const signature = signLoginState('c2Vzc2lvbi1rZXk=', '');
  const fields = { signature, sign: signature, timestamp: String(nowS()), nonce: 'n' };
  return { what: 'proof of a login state', signer: 'lib/wechat/session-key.ts', text: signature, fields };
}
