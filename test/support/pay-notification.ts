import { createCipheriv, createHash, sign } from 'node:crypto';
import type { LambdaFunctionURLEvent } from 'aws-lambda';
import { ids } from './world.ts';

interface Craft {
  eventType?: string;
  apiV3Key?: string;
  /** Changes the ciphertext before the signature is made. */
  damage?: (sealed: Buffer, plaintext: string) => void;
}

/** Returns a payment notification of 18 yuan, signed with the platform key. `change` replaces fields of the plaintext. */
export function notification(
  change: object,
  { eventType = 'TRANSACTION.SUCCESS', apiV3Key = ids.pay.apiV3Key, damage }: Craft = {},
) {
  const plaintext = JSON.stringify({
    mchid: ids.pay.mchId,
    appid: ids.miniapp.appId,
    transaction_id: '4200000000202611200000000001',
    trade_state: 'SUCCESS',
    success_time: '2026-11-20T12:00:05+08:00',
    amount: { total: 1800, currency: 'CNY' },
    payer: { openid: 'oGZUI0egBJY1zhBYw2KhdUfwVJJE' },
    ...change,
  });
  const nonce = 'AbCdEfGhIjKl';
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(apiV3Key), Buffer.from(nonce));
  cipher.setAAD(Buffer.from('transaction'));
  const sealed = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  damage?.(sealed, plaintext);
  const body = JSON.stringify({
    id: createHash('md5').update(plaintext).digest('hex'),
    event_type: eventType,
    resource_type: 'encrypt-resource',
    summary: '支付成功',
    resource: {
      algorithm: 'AEAD_AES_256_GCM',
      ciphertext: sealed.toString('base64'),
      associated_data: 'transaction',
      nonce,
    },
  });
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signature = sign('RSA-SHA256', Buffer.from(`${timestamp}\nn0nce\n${body}\n`), ids.platformPrivateKey);
  const headers = {
    'content-type': 'application/json',
    'wechatpay-timestamp': timestamp,
    'wechatpay-nonce': 'n0nce',
    'wechatpay-signature': signature.toString('base64'),
    'wechatpay-serial': ids.pay.platformKeyId,
  };
  const requestContext = { http: { method: 'POST' } };
  return {
    headers,
    body,
    isBase64Encoded: false,
    rawQueryString: '',
    requestContext,
  } as unknown as LambdaFunctionURLEvent & {
    headers: Record<string, string>;
  };
}
