import { beijingIso } from '../../beijing-time.ts';
import { PayError } from '../error.ts';
import type { PayWorld } from '../world.ts';
import { encryptResource } from './notification.ts';
import type { V3Route } from './route.ts';

/**
 * The platform certificates. A merchant in public key mode has no certificates.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012551764
 */
export function certificateRoutes({ keys, settings }: PayWorld): V3Route[] {
  return [
    {
      method: 'GET',
      path: /^\/v3\/certificates$/,
      handler: () => {
        if (keys.certificates.length === 0) {
          throw new PayError(404, 'RESOURCE_NOT_EXISTS', '无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥');
        }
        const data = keys.certificates.map(({ id, pem, effectiveAt, expiresAt }) => ({
          serial_no: id,
          effective_time: beijingIso(effectiveAt),
          expire_time: beijingIso(expiresAt),
          encrypt_certificate: encryptResource(pem, 'certificate', settings),
        }));
        return { data };
      },
    },
  ];
}
