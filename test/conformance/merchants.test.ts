// Independent client libraries of WeChat Pay use the simulator as WeChat Pay.
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { startFurtherSimulator, useReceiver, useSimulator, useWechatUser } from '../unit/simulator/fixture.ts';
import { merchantKeys, platformKeys } from '../unit/simulator/settings.ts';
import { newUser, phoneAction, planFault } from '../unit/simulator/support.ts';
import {
  axiosPluginV2,
  axiosPluginV3,
  REFUND_FEN,
  tenpay,
  TOTAL_FEN,
  type Merchant,
  type OtherKeys,
} from './merchants.ts';

type NewMerchant = (baseUrl: string, keys?: OtherKeys) => Merchant;

/** Each library in each protocol and signature, and how it reports a signature error of WeChat Pay. */
const LIBRARIES: [string, NewMerchant, string][] = [
  ['wechatpay-axios-plugin in API v3', axiosPluginV3, 'status code 401'],
  ['wechatpay-axios-plugin in API v2 with MD5', axiosPluginV2.bind(null, 'MD5'), 'return_code'],
  ['wechatpay-axios-plugin in API v2 with HMAC-SHA256', axiosPluginV2.bind(null, 'HMAC-SHA256'), 'return_code'],
  ['tenpay in API v2 with MD5', tenpay.bind(null, 'MD5'), '签名错误'],
  ['tenpay in API v2 with HMAC-SHA256', tenpay.bind(null, 'HMAC-SHA256'), '签名错误'],
];

describe.each(LIBRARIES)('a merchant with %s', (_, newMerchant, signatureError) => {
  const simulator = useSimulator();
  const receiver = useReceiver(simulator);
  const user = useWechatUser(simulator);
  const merchant = (keys?: OtherKeys) => newMerchant(simulator.url, keys);
  const newPurchase = () => ({
    outTradeNo: `T${randomUUID().slice(0, 18)}`,
    notifyUrl: receiver.url,
    openId: user.openIds.miniapp,
  });
  /** Opens each notification with the library and sends the answer of the library. */
  const openWith = (peer: Merchant, kind: 'pay' | 'refund') => {
    const opened: Awaited<ReturnType<Merchant['open']>>[] = [];
    receiver.answer = async (index) => {
      const content = await peer.open(kind, receiver.received[index]!).catch(() => undefined);
      if (content) opened.push(content);
      return content?.answer ?? { status: 500 };
    };
    return opened;
  };
  const paidOrder = async (peer: Merchant) => {
    const opened = openWith(peer, 'pay');
    const { openId, ...purchase } = newPurchase();
    const { prepayId } = await peer.create({ ...purchase, openId });
    const { transactionId } = (await phoneAction(simulator, user, 'pay', { prepayId })).json;
    return { ...purchase, transactionId: transactionId as string, opened };
  };
  /** Advances over all deliveries that WeChat Pay retries. */
  const afterRetries = () => simulator.advanceClock(2 * 86_400_000);

  it('creates an order that a user pays, and opens the notification', async () => {
    const peer = merchant();
    const { outTradeNo, transactionId, opened } = await paidOrder(peer);
    expect(opened).toMatchObject([{ outTradeNo, transactionId, totalFen: TOTAL_FEN }]);
    expect(await peer.query(outTradeNo)).toEqual({ state: 'SUCCESS', transactionId });
    await afterRetries();
    expect(receiver.received).toHaveLength(1);
  });

  it('creates an order whose code a user scans', async () => {
    const peer = merchant();
    const opened = openWith(peer, 'pay');
    const { outTradeNo, notifyUrl } = newPurchase();
    const { codeUrl } = await peer.create({ outTradeNo, notifyUrl });
    expect((await phoneAction(simulator, user, 'pay', { codeUrl })).status).toBe(200);
    expect(opened).toMatchObject([{ outTradeNo }]);
  });

  it('closes an order, which no user can pay any more', async () => {
    const peer = merchant();
    const purchase = newPurchase();
    const { prepayId } = await peer.create(purchase);
    expect(await peer.query(purchase.outTradeNo)).toMatchObject({ state: 'NOTPAY' });
    await peer.close(purchase.outTradeNo);
    expect(await peer.query(purchase.outTradeNo)).toMatchObject({ state: 'CLOSED' });
    expect((await phoneAction(simulator, user, 'pay', { prepayId })).json.error).toBe('ORDER_CLOSED');
  });

  it('refunds a part of an order, and opens the notification', async () => {
    const peer = merchant();
    const { outTradeNo, transactionId, notifyUrl } = await paidOrder(peer);
    receiver.received.length = 0;
    const opened = openWith(peer, 'refund');
    const outRefundNo = `R${randomUUID()}`;
    const { refundId } = await peer.refund({ outTradeNo, outRefundNo, notifyUrl });
    expect(await peer.queryRefund(outRefundNo)).toEqual({ status: 'PROCESSING', refundId, refundFen: REFUND_FEN });
    await simulator.advanceClock(1_000);
    expect(await peer.queryRefund(outRefundNo)).toMatchObject({ status: 'SUCCESS', refundId });
    const refund = { outRefundNo, refundFen: REFUND_FEN, status: 'SUCCESS' };
    expect(opened).toMatchObject([{ outTradeNo, transactionId, refund }]);
    expect(await peer.query(outTradeNo)).toMatchObject({ state: 'REFUND' });
    await afterRetries();
    expect(receiver.received).toHaveLength(1);
  });

  it('rejects a forged notification, and opens the next delivery', async () => {
    await planFault(simulator, 'notify', 'tamper-notify');
    const { opened, outTradeNo } = await paidOrder(merchant());
    expect([receiver.received.length, opened.length]).toEqual([1, 0]);
    await afterRetries();
    expect(receiver.received).toHaveLength(2);
    expect(opened).toMatchObject([{ outTradeNo }]);
  });

  it('is refused with another key', async () => {
    const wrong = merchant({ privateKey: platformKeys.privateKey, apiV2Key: 'x'.repeat(32) });
    await expect(wrong.create(newPurchase())).rejects.toThrow(signatureError);
  });
});

it('wechatpay-axios-plugin rejects an answer that another key signed', async () => {
  const simulator = await startFurtherSimulator();
  const peer = axiosPluginV3(simulator.url, { platformKey: merchantKeys.publicKey });
  const { openIds } = await newUser(simulator);
  await expect(
    peer.create({ outTradeNo: 'T123456', notifyUrl: 'https://example.com/', openId: openIds.miniapp }),
  ).rejects.toThrow('Verify the response');
});
