import { createCipheriv, createPrivateKey, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fetchCertificates } from '../../../../../lib/wechat-pay/v3/certificates.ts';
import { certificateOf, merchant, SERIAL } from '../../../ops/keys.ts';

const apiV3Key = '0123456789abcdef0123456789abcdef';
const NOW_MS = 1_800_000_000_000;

/** Seals a certificate as the list of WeChat Pay contains it. */
function entry(serial_no: string, { pem = certificateOf(merchant), key = apiV3Key } = {}) {
  const nonce = 'AbCdEfGhIjKl';
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(key), Buffer.from(nonce));
  cipher.setAAD(Buffer.from('certificate'));
  const ciphertext = Buffer.concat([cipher.update(pem), cipher.final(), cipher.getAuthTag()]).toString('base64');
  const sealed = { algorithm: 'AEAD_AES_256_GCM', ciphertext, nonce, associated_data: 'certificate' };
  return { serial_no, encrypt_certificate: sealed };
}

/** Fetches a list that the key of the certificates signed. */
function fetchList(data: object[], signedAs = SERIAL) {
  const body = JSON.stringify({ data });
  const signature = sign('RSA-SHA256', Buffer.from(`${NOW_MS / 1_000}\nn\n${body}\n`), merchant.privateKey);
  const warnings: unknown[] = [];
  const deps = {
    merchant: { mchId: '1', certSerial: SERIAL, privateKey: createPrivateKey(merchant.privateKey) },
    payBaseUrl: 'https://pay.example.com',
    apiV3Keys: [apiV3Key],
    platformKeys: async () => undefined,
    now: () => NOW_MS,
    randomBytes: (size: number) => Buffer.alloc(size),
    log: { info: () => undefined, error: () => undefined, warn: (...line: unknown[]) => void warnings.push(line) },
    send: async () => ({
      status: 200,
      body: Buffer.from(body),
      headers: {
        'wechatpay-timestamp': String(NOW_MS / 1_000),
        'wechatpay-nonce': 'n',
        'wechatpay-serial': signedAs,
        'wechatpay-signature': signature.toString('base64'),
      },
    }),
  };
  return { warnings, list: fetchCertificates(deps as unknown as Parameters<typeof fetchCertificates>[0]) };
}

describe('fetchCertificates', () => {
  it.each([SERIAL, SERIAL.toLowerCase(), `00${SERIAL}`])(
    'keeps the serial number %s as the list writes it',
    async (serial) => {
      expect(await fetchList([entry(serial)], serial).list).toMatchObject([{ serial }]);
    },
  );

  it.each<[string, object]>([
    ['has another serial number than its entry', entry('A'.repeat(40))],
    ['is not a certificate', entry(SERIAL.replace('5', '6'), { pem: 'damaged' })],
    ['another key sealed', entry(SERIAL.replace('5', '6'), { key: 'x'.repeat(32) })],
  ])('leaves out a certificate that %s, and keeps the others', async (_, bad) => {
    const { list, warnings } = fetchList([bad, entry(SERIAL)]);
    expect((await list).map(({ serial }) => serial)).toEqual([SERIAL]);
    expect(warnings).toMatchObject([['certificate.unreadable', {}]]);
  });

  it('reports a list without a readable certificate, and names a wrong key', async () => {
    await expect(fetchList([entry('A'.repeat(40))]).list).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    await expect(fetchList([entry(SERIAL, { key: 'x'.repeat(32) })]).list).rejects.toMatchObject({
      code: 'NOT_CONFIGURED',
      detail: { setting: 'PAY_API_V3_KEY' },
    });
  });
});
