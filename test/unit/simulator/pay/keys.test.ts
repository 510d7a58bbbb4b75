import { createPublicKey, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { startFurtherSimulator, useReceiver, useSimulator, useWechatUser } from '../fixture.ts';
import { platformKeys, settings } from '../settings.ts';
import { decryptResource, payCall, payOrder, planFault, signedBy } from '../support.ts';
import type { Target } from '../support.ts';

const simulator = useSimulator();
const user = useWechatUser(simulator);
const receiver = useReceiver(simulator, { status: 500 });

const { platformKeyId } = settings.pay;
const publicKey = createPublicKey(platformKeys.publicKey);

const get = (target: Target, serial?: string) =>
  payCall(target, {
    method: 'GET',
    path: '/v3/certificates',
    change: (headers) => (serial === undefined ? headers : { ...headers, 'Wechatpay-Serial': serial }),
  });
const certificatesOf = (json: { data: { serial_no: string; encrypt_certificate: Record<string, string> }[] }) =>
  json.data.map(({ serial_no: serial, encrypt_certificate: sealed }) => ({
    serial,
    certificate: new X509Certificate(decryptResource(sealed)),
  }));

test('in public key mode there are no certificates', async () => {
  const { status, json } = await get(simulator);
  expect([status, json.code]).toEqual([404, 'RESOURCE_NOT_EXISTS']);
});

test('rotate-key makes a certificate that node reads, sealed with the APIv3 key', async () => {
  await planFault(simulator, 'notify', 'rotate-key');
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
  await planFault(simulator, 'pay', 'rotate-key', 2);
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

test('notifications and their retries use the newest certificate', async () => {
  await payOrder(simulator, user, { notify_url: receiver.url });
  await planFault(simulator, 'pay-notify', 'rotate-key');
  await simulator.advanceClock(15_000);
  await planFault(simulator, '*', 'rotate-key');
  await simulator.advanceClock(15_000);
  const certificates = certificatesOf((await get(simulator)).json);
  expect(receiver.received.map(({ headers }) => headers['wechatpay-serial'])).toEqual([
    platformKeyId,
    ...certificates.map(({ serial }) => serial),
  ]);
  const keys = [publicKey, ...certificates.map(({ certificate }) => certificate.publicKey)];
  const genuine = receiver.received.map(({ headers, body: text }, index) => signedBy(headers, text, keys[index]!));
  expect(genuine).toEqual([true, true, true]);
});

test('a merchant without a public key id has one certificate from the start', async () => {
  const older = await startFurtherSimulator({ pay: { platformKeyId: '' } });
  const { json, headers, text } = await get(older);
  const [{ serial, certificate }, ...more] = certificatesOf(json) as [ReturnType<typeof certificatesOf>[0]];
  expect(more).toEqual([]);
  expect([headers['wechatpay-serial'], signedBy(headers, text, certificate.publicKey)]).toEqual([serial, true]);
  for (const wrong of ['', platformKeyId]) expect((await get(older, wrong)).status).toBe(400);
});

test('leading-zero-serial makes a certificate whose serial_no has a zero byte that X.509 omits', async () => {
  await planFault(simulator, 'certificates', 'leading-zero-serial');
  await planFault(simulator, 'notify', 'rotate-key');
  const [{ serial, certificate }] = certificatesOf((await get(simulator)).json) as [
    ReturnType<typeof certificatesOf>[0],
  ];
  expect(serial).toMatch(/^00[0-9A-F]{38}$/);
  expect(`00${certificate.serialNumber}`).toBe(serial);
});
