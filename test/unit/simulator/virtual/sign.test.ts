// The published vectors of the signatures.
// https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/virtual-payment.html
import { expect, test } from 'vitest';
import { sessionSignature } from '../../../../infra/simulator/open-data.ts';
import { CLIENT_URI, paySignature } from '../../../../infra/simulator/virtual/sign.ts';

const APP_KEY = '12345';
const SESSION_KEY = '9hAb/NEYUlkaMBEsmFgzig==';
const BODY = '{"openid": "xxx", "user_ip": "127.0.0.1", "env": 0}';
const SIGN_DATA =
  '{"offerId":"123","buyQuantity":1,"env":0,"currencyType":"CNY","productId":"testproductId","goodsPrice":10,' +
  '"outTradeNo":"xxxxxx","attach":"testdata"}';

test('pay_sig of a server call equals the published vector', () => {
  const expected = 'c37809f27c6d7fd1837ad2500a04512b66b34fd793a39a385fade56dca89a4b5';
  expect(paySignature('/xpay/query_user_balance', BODY, APP_KEY)).toBe(expected);
  expect(paySignature('/xpay/query_user_balance', Buffer.from(BODY), APP_KEY)).toBe(expected);
});

test('the user signature of a server call equals the published vector', () => {
  expect(sessionSignature(SESSION_KEY, BODY)).toBe('089d9e8dc5d308977360c4b79ec600a93d736802802a807d634192328032f6c7');
});

test('paySig and signature of a client call equal the known vectors', () => {
  expect(paySignature(CLIENT_URI, SIGN_DATA, APP_KEY)).toBe(
    '0ce2a9fcab3532e9f78dd3beb841806c0c08a24ec26b04c366584ac06d852bb0',
  );
  expect(sessionSignature(SESSION_KEY, SIGN_DATA)).toBe(
    '8e08bc05e10243e2e943385292e2063be327f8285c0db753a5c3e5db5745cb69',
  );
});
