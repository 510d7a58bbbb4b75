import { constants, publicEncrypt, randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { useSimulator, useWechatUser } from '../fixture.ts';
import { merchantKeys, platformKeys, settings } from '../settings.ts';
import { payCall, payOrder, planFault } from '../support.ts';
import { refunds } from './support.ts';

const simulator = useSimulator();
const user = useWechatUser(simulator);

const ACCOUNT = '6222021234567890123';

async function abnormalRefund() {
  const { outTradeNo } = await payOrder(simulator, user);
  await planFault(simulator, 'refund', 'refund-abnormal');
  const amount = { refund: 1000, total: 1800, currency: 'CNY' };
  const body = { out_trade_no: outTradeNo, out_refund_no: `R${randomUUID()}`, amount };
  return (await payCall(simulator, { path: refunds, body })).json;
}
type Accepted = Awaited<ReturnType<typeof abnormalRefund>>;
const end = ({ refund_id: refundId, out_refund_no: outRefundNo }: Accepted, fields: object, serial?: string) =>
  payCall(simulator, {
    path: `${refunds}/${refundId}/apply-abnormal-refund`,
    body: { out_refund_no: outRefundNo, ...fields },
    ...(serial !== undefined && { change: (headers) => ({ ...headers, 'Wechatpay-Serial': serial }) }),
  });
const statusOf = async ({ out_refund_no: outRefundNo }: Accepted) =>
  (await payCall(simulator, { method: 'GET', path: `${refunds}/${outRefundNo}` })).json.status;

test('an abnormal refund ends another way, and any other refund does not', async () => {
  const refund = await abnormalRefund();
  const merchant = { type: 'MERCHANT_BANK_CARD' };
  expect((await end(refund, merchant)).json.code).toBe('INVALID_REQUEST');
  await simulator.advanceClock(1_000);
  expect((await end(refund, merchant)).json).toMatchObject({ refund_id: refund.refund_id, status: 'PROCESSING' });
  await simulator.advanceClock(1_000);
  expect(await statusOf(refund)).toBe('SUCCESS');
});

test('the card of an abnormal refund is read with the key that Wechatpay-Serial names', async () => {
  const refund = await abnormalRefund();
  await simulator.advanceClock(1_000);
  const card = { type: 'USER_BANK_CARD', bank_type: 'ICBC_DEBIT', bank_account: ACCOUNT, real_name: '王小明' };
  const sealed = (key: string, account = ACCOUNT, oaepHash = 'sha1') => {
    const options = { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash };
    const seal = (text: string) => publicEncrypt(options, Buffer.from(text)).toString('base64');
    return { ...card, bank_account: seal(account), real_name: seal(card.real_name) };
  };
  const { platformKeyId } = settings.pay;
  const { publicKey } = platformKeys;
  for (const { json } of [
    await end(refund, card, platformKeyId),
    await end(refund, sealed(publicKey)),
    await end(refund, sealed(publicKey), 'PUB_KEY_ID_0'),
    await end(refund, sealed(merchantKeys.publicKey), platformKeyId),
    await end(refund, sealed(publicKey, 'no card'), platformKeyId),
    await end(refund, sealed(publicKey, ACCOUNT, 'sha256'), platformKeyId),
  ])
    expect(json.code).toBe('PARAM_ERROR');
  expect(await statusOf(refund)).toBe('ABNORMAL');
  expect((await end(refund, sealed(publicKey), platformKeyId)).json.status).toBe('PROCESSING');
});
