// The example of WeChat's page about the upload of shipping information. The expected text is written out here, in the
// order of the page, and compared with the bytes that the service sends.
import { describe, expect, it } from 'vitest';
import type { OutboundRequest } from '../../lib/core/outbound.ts';
import { maskPhone } from '../../lib/shipping/contacts.ts';
import { uploadShipping } from '../../lib/wechat/order-shipping.ts';

const EXAMPLE =
  '{"order_key":{"order_number_type":2,"transaction_id":"fake-transid-20221214190427-1"},"delivery_mode":1,' +
  '"logistics_type":1,"shipping_list":[{"tracking_no":"fake-trackingno-2022121419042711","express_company":"STO",' +
  '"item_desc":"微信气泡狗集线器*1","contact":{"consignor_contact":"+86-177****1234"}}],' +
  '"upload_time":"2022-12-15T13:29:35.120+08:00","payer":{"openid":"ogqztkPsejM9MQAFfwCQSCi4oNg3"}}';

describe('uploadShipping', () => {
  it('sends the example of the official page, in UTF-8 without escapes', async () => {
    const sent: OutboundRequest[] = [];
    const deps = {
      apiBaseUrl: 'https://api.weixin.qq.com',
      sleep: async () => {},
      send: async (request: OutboundRequest) => {
        sent.push(request);
        return { status: 200, headers: {}, body: Buffer.from('{"errcode":0,"errmsg":"ok"}') };
      },
    };
    const app = { appId: 'wx1', appSecret: 's', settings: 'MINIAPP' as const };
    const information = {
      transactionId: 'fake-transid-20221214190427-1',
      openId: 'ogqztkPsejM9MQAFfwCQSCi4oNg3',
      delivery: 'express' as const,
      parcels: [
        {
          carrier: 'STO',
          trackingNo: 'fake-trackingno-2022121419042711',
          description: '微信气泡狗集线器*1',
          contact: { consignor: maskPhone('17700001234')! },
        },
      ],
      isSplit: false,
      isFinal: true,
      uploadAtMs: Date.UTC(2022, 11, 15, 5, 29, 35, 120),
    };
    await expect(uploadShipping(deps, { app, accessToken: 'TOKEN', information })).resolves.toBe('shipped');
    const [{ method, url, headers, body } = {} as OutboundRequest] = sent;
    expect(`${method} ${String(url)}`).toBe(
      'POST https://api.weixin.qq.com/wxa/sec/order/upload_shipping_info?access_token=TOKEN',
    );
    expect(headers).toEqual({ 'content-type': 'application/json' });
    // The order of fields in an object has no meaning.
    expect(JSON.parse(String(body))).toEqual(JSON.parse(EXAMPLE));
    expect(Buffer.byteLength(String(body))).toBe(Buffer.byteLength(EXAMPLE));
    expect(String(body)).toContain('微信气泡狗集线器*1');
  });
});
