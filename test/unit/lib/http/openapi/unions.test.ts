// Requests and responses with alternatives: the OpenAPI document and the routes accept the same values.
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { bindPhone, updateProfile } from '../../../../../lib/http/api/identity.ts';
import { payment } from '../../../../../lib/http/api/pay.ts';
import { pollQrLogin } from '../../../../../lib/http/api/scan-login.ts';
import { answerSchema, componentSchemas, requestSchema } from '../../../../../lib/http/openapi/schemas.ts';
import type { JsonSchema } from '../../../../../lib/http/openapi/types.ts';

const accepts = (schema: JsonSchema, value: unknown) =>
  new Ajv2020({ strict: true, strictTypes: false }).validate(
    JSON.parse(
      JSON.stringify({ ...schema, $defs: componentSchemas() }).replaceAll('#/components/schemas/', '#/$defs/'),
    ) as object,
    value,
  );

const sealed = { encryptedData: 'AAAA', iv: 'AAAA' };
const signed = { ...sealed, rawData: '{}', signature: 'aA0'.repeat(13) + 'f' };

describe('requests with alternatives', () => {
  it.each([
    ['a phone by code', bindPhone, { code: 'x' }, true],
    ['an encrypted phone', bindPhone, sealed, true],
    ['both', bindPhone, { code: 'x', ...sealed }, true],
    ['an incomplete encrypted phone', bindPhone, { encryptedData: 'AAAA' }, false],
    ['an empty code', bindPhone, { code: '' }, false],
    ['a code that is a number', bindPhone, { code: 1 }, false],
    ['no phone', bindPhone, {}, false],
    ['a nickname', updateProfile, { nickname: '李雷' }, true],
    ['an avatar', updateProfile, { avatarUrl: 'https://cdn.example.com/a.png' }, true],
    ['a signed profile', updateProfile, signed, true],
    [
      'a signed profile without its encrypted data',
      updateProfile,
      { rawData: '{}', signature: signed.signature },
      false,
    ],
    ['a wrong signature beside a nickname', updateProfile, { ...signed, signature: 'x', nickname: 'a' }, true],
    ['a nickname that is a number', updateProfile, { nickname: 1 }, false],
    ['no profile', updateProfile, {}, false],
    ['null', updateProfile, null, false],
  ])('get the same result from the document and the route: %s', (_, { request }, body, isValid) => {
    expect(v.is(request.body, body)).toBe(isValid);
    expect(accepts(requestSchema(request.body), body)).toBe(isValid);
  });
});

const user = { id: 'a', username: 'b', initialized: false, nickname: null, avatarUrl: null, phone: null };
const session = { token: 't', tokenType: 'Bearer', expiresIn: 60, user };
const jsapi = { appId: 'wx', timeStamp: '1', nonceStr: 'n', package: 'p', signType: 'RSA', paySign: 's' };

describe('responses with alternatives', () => {
  it.each([
    ['pending', pollQrLogin.answer, { status: 'pending', pollIntervalMs: 2_000 }, true],
    ['scanned', pollQrLogin.answer, { status: 'scanned', pollIntervalMs: 2_000 }, true],
    ['registered', pollQrLogin.answer, { status: 'registered', ...session }, true],
    ['unregistered', pollQrLogin.answer, { status: 'unregistered', registrationToken: 'r' }, true],
    ['pending with a token', pollQrLogin.answer, { status: 'pending', pollIntervalMs: 2_000, token: 't' }, false],
    ['registered without a session', pollQrLogin.answer, { status: 'registered' }, false],
    [
      'registered with a registration token',
      pollQrLogin.answer,
      { status: 'registered', ...session, registrationToken: 'r' },
      false,
    ],
    ['with an unknown status', pollQrLogin.answer, { status: 'confirmed' }, false],
    ['JSAPI', payment, jsapi, true],
    ['NATIVE', payment, { codeUrl: 'weixin://' }, true],
    ['H5', payment, { h5Url: 'https://' }, true],
    ['with two payment handles', payment, { codeUrl: 'weixin://', h5Url: 'https://' }, false],
    ['JSAPI with a code', payment, { ...jsapi, codeUrl: 'weixin://' }, false],
    ['incomplete JSAPI', payment, { appId: 'wx' }, false],
    ['empty', payment, {}, false],
  ])('are accepted only as one complete alternative: %s', (_, schema, answer, isValid) => {
    expect(accepts(answerSchema(schema), answer)).toBe(isValid);
  });

  it('are reduced to one alternative by the route, even if a flow returns several', () => {
    const mixed = { codeUrl: 'weixin://', h5Url: 'https://', handle: 'secret' };
    const sent = v.parse(payment, mixed);
    expect(accepts(answerSchema(payment), mixed)).toBe(false);
    expect(accepts(answerSchema(payment), sent)).toBe(true);
  });
});
