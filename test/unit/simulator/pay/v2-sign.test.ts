import { expect, test } from 'vitest';
import { v2Sign } from '../../../../infra/simulator/pay/v2/sign.ts';
import { openReqInfo, signV2, v2Key } from './support.ts';

// The first two vectors are official: https://pay.weixin.qq.com/doc/v2/merchant/4011985891 An empty field is not signed.
const official = {
  appid: 'wxd930ea5d5a258f4f',
  mch_id: '10000100',
  device_info: '1000',
  body: 'test',
  nonce_str: 'ibuaiVcKdpRxkhJA',
};
const paid = {
  transaction_id: '4200000000202508010000000001',
  appid: 'wx0123456789abcdef',
  attach: '',
  bank_type: 'OTHERS',
  cash_fee: '100',
  fee_type: 'CNY',
  is_subscribe: 'N',
  mch_id: '1900000001',
  nonce_str: '5d2b6c2a8db53831f7eda20af46e531c',
  openid: 'oTESTopenid00000000000000001',
  out_trade_no: 'T20250801120000000001',
  result_code: 'SUCCESS',
  return_code: 'SUCCESS',
  time_end: '20250801120005',
  total_fee: '100',
  trade_type: 'JSAPI',
  sign: 'anything',
};
const vectors: ['MD5' | 'HMAC-SHA256', Record<string, string>, string][] = [
  ['MD5', official, '9A0A8659F005D6984697E2CA0A9CF3B7'],
  ['HMAC-SHA256', official, '6A9AE1657590FD6257D693A078E1C3E4BB6BA4DC30B23E0EE2496E54170DACD6'],
  ['MD5', paid, '2F4F5051BD17235556F44793AB7616E3'],
  ['HMAC-SHA256', paid, '6D35B71C9D940609FBD0109515771AA632F0CE52C5D0F6B6690574095DEFC396'],
];

test.each(vectors)('%s of the reference', (type, fields, expected) => {
  expect(v2Sign(fields, v2Key, type)).toBe(expected);
  expect(signV2(fields, { type })).toBe(expected);
});

test('names are sorted by code unit: upper case comes first', () => {
  const fields = { b: '1', B: '2', a: '3', appId: '4', app_id: '5' };
  expect(v2Sign(fields, v2Key, 'MD5')).toBe(signV2(fields));
});

test('the req_info of the reference (V9) opens with the code that the tests use', () => {
  const sealed = 'bDP/xixH0hFEaZusu714U7rO4wZDF5SwkOt7MIFNUaladrdy0yQefoW3LYmmUmF3r7t23yZjibKV29fZKVgeUQ==';
  expect(openReqInfo(sealed)).toEqual({ refund_status: 'SUCCESS' });
});
