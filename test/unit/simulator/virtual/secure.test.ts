// The answers to pushes in secure mode.
import { expect, test } from 'vitest';
import { decryptMessage, encryptMessage, signatureOf } from '../../../../infra/simulator/push/cipher.ts';
import { settings } from '../settings.ts';
import { useVirtualShop } from './support.ts';

const aesKey = 'k'.repeat(43);
const { appId } = settings.miniapp;
const { receiver, buy, act, query } = useVirtualShop('secure');

const sealed = (message: string) => {
  const Encrypt = encryptMessage(aesKey, { message, appId });
  const [TimeStamp, Nonce] = ['1700000000', 'nonce'];
  const MsgSignature = signatureOf('BBBBB', TimeStamp, Nonce, Encrypt);
  return { status: 200, body: JSON.stringify({ Encrypt, MsgSignature, TimeStamp, Nonce }) };
};

test('the answer to a delivery push is shown decrypted', async () => {
  const body = '{"ErrCode":0,"ErrMsg":"success"}';
  receiver.answer = () => sealed(body);
  const { outTradeNo, notify } = await buy();
  expect(notify).toEqual({ status: 200, body });
  expect((await query({ order_id: outTradeNo })).order.status).toBe(4);
});

test('an answer that does not open leaves the order undelivered, and is shown as received', async () => {
  receiver.answer = () => ({ status: 200, body: '{"ErrCode":0}' });
  const { outTradeNo, notify } = await buy();
  expect(notify).toEqual({ status: 200, body: '{"ErrCode":0}' });
  expect((await query({ order_id: outTradeNo })).order.status).toBe(2);
});

test('the question of Apple has text only, and its answer is shown decrypted', async () => {
  const { outTradeNo } = await buy({}, { apple: true });
  const body = '{"result_code":1,"result_info":"no","evidence":"delivered"}';
  receiver.answer = () => sealed(body);
  expect(await act('apple-question', { outTradeNo })).toMatchObject({ json: { status: 200, body } });
  const { Encrypt } = JSON.parse(receiver.received.at(-1)!.body);
  const { CreateTime: _, ...question } = JSON.parse(decryptMessage(aesKey, Encrypt, appId));
  expect(question).toMatchObject({ pay_order_id: outTradeNo, p_count: '3', provide_status: '1' });
  expect(question).not.toHaveProperty('OpenId');
  expect(Object.values(question).every((value) => typeof value === 'string')).toBe(true);
});
