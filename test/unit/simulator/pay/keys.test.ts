import { createDecipheriv, createPublicKey, verify, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startSimulator } from '../../../../infra/simulator/simulator.ts';
import type { Simulator } from '../../../../infra/simulator/simulator.ts';
import {
  jsapi,
  newPerson,
  orderBody,
  payCall,
  platformKeys,
  settings,
  start,
  startReceiver,
  usePhone,
} from '../support.ts';
import type { Person } from '../support.ts';
import { plan } from './support.ts';

let simulator: Simulator;
let person: Person;
beforeEach(async () => {
  simulator = await start();
  person = await newPerson(simulator);
});
afterEach(() => simulator.close());

const { platformKeyId, apiV3Key } = settings.pay;
const publicKey = createPublicKey(platformKeys.publicKey);

const get = (world: Simulator, serial?: string) =>
  payCall(world, {
    method: 'GET',
    path: '/v3/certificates',
    change: (headers) => (serial === undefined ? headers : { ...headers, 'Wechatpay-Serial': serial }),
  });
const decrypt = ({ nonce, associated_data: aad, ciphertext }: Record<string, string>) => {
  const bytes = Buffer.from(ciphertext ?? '', 'base64');
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(apiV3Key), Buffer.from(nonce ?? ''));
  decipher.setAAD(Buffer.from(aad ?? ''));
  decipher.setAuthTag(bytes.subarray(-16));
  return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString();
};
const certificatesOf = (json: { data: { serial_no: string; encrypt_certificate: Record<string, string> }[] }) =>
  json.data.map(({ serial_no: serial, encrypt_certificate: sealed }) => ({
    serial,
    certificate: new X509Certificate(decrypt(sealed)),
  }));
const signedBy = (headers: IncomingHttpHeaders, body: string, key: KeyObject) => {
  const message = `${headers['wechatpay-timestamp']}\n${headers['wechatpay-nonce']}\n${body}\n`;
  return verify('RSA-SHA256', Buffer.from(message), key, Buffer.from(String(headers['wechatpay-signature']), 'base64'));
};

test('in public key mode there are no certificates', async () => {
  const { status, json } = await get(simulator);
  expect([status, json.code]).toEqual([404, 'RESOURCE_NOT_EXISTS']);
});

test('rotate-key makes a certificate that node reads, sealed with the APIv3 key', async () => {
  await plan(simulator, 'notify', 'rotate-key');
  const { status, json, headers, text } = await get(simulator);
  expect(status).toBe(200);
  expect(json.data[0]).toMatchObject({
    effective_time: expect.stringMatching(/\+08:00$/),
    encrypt_certificate: { algorithm: 'AEAD_AES_256_GCM', associated_data: 'certificate' },
  });
  const [{ serial, certificate }, ...more] = certificatesOf(json) as [ReturnType<typeof certificatesOf>[0]];
  expect(more).toEqual([]);
  expect(serial).toMatch(/^[0-9A-F]{40}$/);
  expect(certificate.serialNumber).toBe(serial);
  expect(certificate.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(new Date(certificate.validFrom).getTime()).toBe(Date.parse(json.data[0].effective_time));
  expect(new Date(certificate.validTo).getTime()).toBe(Date.parse(json.data[0].expire_time));
  expect(new Date(certificate.validFrom).getTime()).toBeLessThanOrEqual(Date.now());
  // The list itself is signed with what is on it.
  expect([headers['wechatpay-serial'], signedBy(headers, text, certificate.publicKey)]).toEqual([serial, true]);
});

test('an answer is signed with the key that the request names', async () => {
  await plan(simulator, 'pay', 'rotate-key', 2);
  const named = await get(simulator, platformKeyId);
  expect(named.headers['wechatpay-serial']).toBe(platformKeyId);
  expect(signedBy(named.headers, named.text, publicKey)).toBe(true);
  const [older, newer] = certificatesOf(named.json);
  for (const serial of [undefined, older!.serial, newer!.serial]) {
    const { headers, text } = await get(simulator, serial);
    expect(headers['wechatpay-serial']).toBe(newer!.serial);
    expect(signedBy(headers, text, newer!.certificate.publicKey)).toBe(true);
  }
  for (const serial of ['', 'F'.repeat(40), newer!.serial.toLowerCase()]) {
    expect((await get(simulator, serial)).status).toBe(400);
  }
});

test('notifications go over to the newest certificate, retries too', async () => {
  const receiver = await startReceiver(simulator);
  receiver.answer = () => ({ status: 500 });
  const body = orderBody(person, { notify_url: receiver.url });
  const { json } = await payCall(simulator, { path: jsapi, body });
  await usePhone(simulator, person, 'pay', { prepayId: json.prepay_id });
  await plan(simulator, 'pay-notify', 'rotate-key');
  await simulator.advanceClock(15_000);
  await plan(simulator, '*', 'rotate-key');
  await simulator.advanceClock(15_000);
  const certificates = certificatesOf((await get(simulator)).json);
  expect(receiver.received.map(({ headers }) => headers['wechatpay-serial'])).toEqual([
    platformKeyId,
    ...certificates.map(({ serial }) => serial),
  ]);
  const keys = [publicKey, ...certificates.map(({ certificate }) => certificate.publicKey)];
  const genuine = receiver.received.map(({ headers, body: text }, index) => signedBy(headers, text, keys[index]!));
  expect(genuine).toEqual([true, true, true]);
  receiver.close();
});

test('a merchant without a public key id has one certificate from the start', async () => {
  const older = await startSimulator({ ...settings, pay: { ...settings.pay, platformKeyId: '' } });
  const { json, headers, text } = await get(older);
  const [{ serial, certificate }, ...more] = certificatesOf(json) as [ReturnType<typeof certificatesOf>[0]];
  expect(more).toEqual([]);
  expect([headers['wechatpay-serial'], signedBy(headers, text, certificate.publicKey)]).toEqual([serial, true]);
  for (const wrong of ['', platformKeyId]) expect((await get(older, wrong)).status).toBe(400);
  await older.close();
});
