import { createCipheriv, randomUUID } from 'node:crypto';
import { beijingIso } from '../../beijing-time.ts';
import { alphanumeric } from '../../random.ts';
import type { NotificationRequest, Notification } from '../notification-delivery.ts';
import type { PlatformKeys } from '../platform-keys.ts';
import { signedHeaders } from './signature.ts';

interface Message {
  url: string;
  event: string;
  summary: string;
  type: 'transaction' | 'refund' | 'complaint';
  content: object;
}

interface Sender {
  apiV3Key: string;
  keys: PlatformKeys;
  now: number;
}

/**
 * Builds a notification of API v3: the envelope stays the same, each delivery is signed anew.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791861
 */
export function buildV3Notification({ url, event, ...message }: Message, sender: Sender): Notification {
  const body = JSON.stringify({
    id: randomUUID(),
    create_time: beijingIso(sender.now),
    resource_type: 'encrypt-resource',
    event_type: event,
    summary: message.summary,
    resource: {
      original_type: message.type,
      ...encryptResource(JSON.stringify(message.content), message.type, sender),
    },
  });
  const signed = (): Record<string, string> => signedHeaders(body, sender.keys.newest);
  const genuine = (): NotificationRequest => ({ headers: { ...plainHeaders(), ...signed() }, body });
  return {
    url,
    event,
    ...(message.type === 'complaint' && { topic: message.type }),
    genuine,
    faulty: {
      'tamper-notify': () => ({ ...genuine(), body: flipOneBit(body) }),
      'unsigned-notify': () => ({ headers: plainHeaders(), body }),
      'probe-notify': () => ({
        headers: {
          ...plainHeaders(),
          ...signed(),
          'Wechatpay-Signature': `WECHATPAY/SIGNTEST/${alphanumeric(325)}`,
        },
        body,
      }),
    },
    isAccepted: ({ status }) => status === 200 || status === 204,
  };
}

/**
 * Encrypts with AES-256-GCM: the tag follows the ciphertext.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012071382
 */
export function encryptResource(plain: string, associatedData: string, { apiV3Key }: { apiV3Key: string }) {
  const nonce = alphanumeric(12);
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(apiV3Key), Buffer.from(nonce));
  cipher.setAAD(Buffer.from(associatedData));
  const ciphertext = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return {
    algorithm: 'AEAD_AES_256_GCM',
    ciphertext: ciphertext.toString('base64'),
    associated_data: associatedData,
    nonce,
  };
}

function plainHeaders(): Record<string, string> {
  return {
    'Content-Type': 'application/json',
    'User-Agent': 'Mozilla/4.0',
    Accept: '*/*',
    'Request-ID': `${randomUUID()}-0`,
  };
}

function flipOneBit(body: string): string {
  return body.replace(/("ciphertext":")([^"]+)/, (_, name: string, ciphertext: string) => {
    const bytes = Buffer.from(ciphertext, 'base64');
    bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
    return name + bytes.toString('base64');
  });
}
