import { expect, test } from 'vitest';
import { useSimulator } from '../fixture.ts';
import { settings } from '../settings.ts';
import { payCall, platformSigned } from '../support.ts';

const simulator = useSimulator();

const echo = (serial: string | undefined, body: object = { echo_message: 'hello' }) =>
  payCall(simulator, {
    method: 'POST',
    path: '/v3/security/echo',
    body,
    change: (headers) => (serial === undefined ? headers : { ...headers, 'Wechatpay-Serial': serial }),
  });

test('the echo comes back signed with the key that the request names', async () => {
  const { status, json, headers, text } = await echo(settings.pay.platformKeyId);
  expect([status, json]).toEqual([200, { echo_message: 'hello' }]);
  expect(headers['wechatpay-serial']).toBe(settings.pay.platformKeyId);
  expect(platformSigned(headers, text)).toBe(true);
});

test.each([
  ['names no key', undefined, { echo_message: 'hello' }],
  ['names an unknown key', 'PUB_KEY_ID_0119000072912025110100000000000099', { echo_message: 'hello' }],
  ['has no message', settings.pay.platformKeyId, {}],
])('a request that %s is rejected', async (_what, serial, body) => {
  const { status, json } = await echo(serial, body);
  expect([status, json.code]).toEqual([400, 'PARAM_ERROR']);
});
