import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SECRET_NAMES, type SecretName } from '../../../lib/core/config.ts';
import { FORMS } from '../../../infra/ops/secrets/forms.ts';
import { certificateOf, merchant, SERIAL, short, stranger } from './keys.ts';

const read = async (name: SecretName, text: string) => FORMS[name].read(text);
const key32 = '0123456789abcdefABCDEF0123456789';
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });

describe('FORMS', () => {
  it('has an entry for every secret that the functions read', () => {
    expect(Object.keys(FORMS).toSorted()).toEqual([...SECRET_NAMES].toSorted());
  });

  it.each<[SecretName, string]>([
    ['MINIAPP_APP_SECRET', '0123456789abcdef0123456789abcdef'],
    ['OFFICIAL_APP_SECRET', '0123456789abcdef0123456789abcdef'],
    ['OFFICIAL_TOKEN', 'abc'],
    ['OFFICIAL_AES_KEY', 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ'],
    ['PAY_API_V3_KEY', key32],
    ['PAY_API_V2_KEY', key32],
    ['PAY_PUBLIC_KEY_ID', 'PUB_KEY_ID_0119000072912025110100000000000001'],
    ['PAY_PUBLIC_KEY', stranger.publicKey.trim()],
    ['ORIGIN_SECRET', key32],
    ['VIRTUAL_PAY_APP_KEY', key32],
    ['PAY_MCH_PRIVATE_KEY', merchant.privateKey.trim()],
  ])('stores %s unchanged', async (name, text) => {
    await expect(read(name, text)).resolves.toBe(text);
  });

  it.each<[SecretName, string, string]>([
    ['MINIAPP_APP_SECRET', 'not hex, and 32 characters long.', 'must be 32 hex digits'],
    ['OFFICIAL_APP_SECRET', '0123456789abcdef', 'must be 32 hex digits'],
    ['OFFICIAL_TOKEN', 'ab', 'must be 3 to 32 letters and digits'],
    ['OFFICIAL_TOKEN', 'with-a-hyphen', 'must be 3 to 32 letters and digits'],
    ['OFFICIAL_AES_KEY', `${'a'.repeat(42)}=`, '43 letters and digits'],
    ['OFFICIAL_AES_KEY_PREVIOUS', 'a'.repeat(44), '43 letters and digits'],
    ['PAY_API_V3_KEY', 'x'.repeat(31), 'exactly 32 bytes'],
    ['PAY_API_V3_KEY', '密'.repeat(32), 'exactly 32 bytes'],
    ['PAY_API_V2_KEY', `${'x'.repeat(31)} `, 'exactly 32 bytes'],
    ['ORIGIN_SECRET', 'x'.repeat(31), 'must be 32 to 128 characters'],
    ['ORIGIN_SECRET', `${'x'.repeat(32)} y`, 'must be 32 to 128 characters'],
    ['VIRTUAL_PAY_APP_KEY', 'short', 'must be the AppKey of the console'],
    ['VIRTUAL_PAY_APP_KEY', `${key32} y`, 'must be the AppKey of the console, without spaces'],
    ['PAY_PUBLIC_KEY_ID', SERIAL, 'PUB_KEY_ID_'],
    ['PAY_PUBLIC_KEY_ID', 'PUB_KEY_ID_XX', 'PUB_KEY_ID_ and a long number'],
    ['PAY_PUBLIC_KEY_ID', 'PUB_KEY_ID_01190000_72912025110100', 'PUB_KEY_ID_ and a long number'],
    ['PAY_PUBLIC_KEY', 'pub_key.pem', 'not a key in PEM form'],
    ['PAY_PUBLIC_KEY', merchant.privateKey, 'is a private key'],
    ['PAY_PUBLIC_KEY', certificateOf(merchant), 'is a certificate'],
    ['PAY_PUBLIC_KEY', short.publicKey, '2048 bits'],
    ['PAY_MCH_PRIVATE_KEY', merchant.publicKey, 'is a public key'],
    ['PAY_MCH_PRIVATE_KEY', certificateOf(merchant), 'is a certificate'],
    ['PAY_MCH_PRIVATE_KEY', short.privateKey, '2048 bits'],
    ['PAY_MCH_PRIVATE_KEY', String(ec), '2048 bits'],
    ['PAY_MCH_PRIVATE_KEY', '-----BEGIN ENCRYPTED PRIVATE KEY-----', 'passphrase'],
    ['PAY_MCH_CERT_SERIAL', merchant.privateKey, 'is not a certificate'],
    ['PAY_MCH_CERT_SERIAL', certificateOf(merchant, -1), 'has expired'],
    ['PAY_MCH_CERT_SERIAL', '1234', '40 hex digits'],
    ['JWT_SIGNING_KEYS', '{"keys":[]}', 'must be a JWK Set'],
    ['JWT_SIGNING_KEYS', 'secret words', 'must be a JWK Set'],
  ])('rejects %s = %j with a reason that does not quote it', async (name, text, why) => {
    const failure = await read(name, text).catch((error: unknown) => error as Error);
    expect(failure).toMatchObject({ code: 'NOT_CONFIGURED', message: expect.stringContaining(why) });
    expect((failure as Error).message).not.toContain(text);
    expect((failure as Error).message).toMatch(new RegExp(`^${name} `));
  });

  it('reads the serial number from a certificate, and stores a typed one in capitals', async () => {
    await expect(read('PAY_MCH_CERT_SERIAL', certificateOf(merchant))).resolves.toBe(SERIAL);
    await expect(read('PAY_MCH_CERT_SERIAL', SERIAL.toLowerCase())).resolves.toBe(SERIAL);
  });
});
