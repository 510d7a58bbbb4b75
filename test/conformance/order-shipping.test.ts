// The example of WeChat's page about the upload of shipping information. The expected text is written out here, in the
// order of the page, and compared with the bytes that the service sends.
import { describe, expect, it } from 'vitest';
import { maskPhone } from '../../lib/shipping/contacts.ts';
import { uploadShipping } from '../../lib/wechat/order-shipping.ts';
import { access, wechat } from '../unit/lib/wechat/scripted-wechat.ts';

const EXAMPLE =
  '{"order_key":{"order_number_type":2,"transaction_id":"fake-transid-20221214190427-1"},"delivery_mode":1,' +
  '"logistics_type":1,"shipping_list":[{"tracking_no":"fake-trackingno-2022121419042711","express_company":"STO",' +
  '"item_desc":"微信气泡狗集线器*1","contact":{"consignor_contact":"+86-177****1234"}}],' +
  '"upload_time":"2022-12-15T13:29:35.120+08:00","payer":{"openid":"ogqztkPsejM9MQAFfwCQSCi4oNg3"}}';

describe('uploadShipping', () => {
  it('sends the example of the official page, in UTF-8 without escapes', async () => {
    const world = wechat('{"errcode":0,"errmsg":"ok"}');
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
    await expect(uploadShipping(world.deps, { ...access, information })).resolves.toBe('shipped');
    expect(world.pathOf(0)).toBe('/wxa/sec/order/upload_shipping_info?access_token=T');
    expect(world.sent[0]).toMatchObject({ method: 'POST', headers: { 'content-type': 'application/json' } });
    // The order of fields in an object has no meaning.
    expect(world.bodyOf(0)).toEqual(JSON.parse(EXAMPLE));
    expect(Buffer.byteLength(world.textOf(0))).toBe(Buffer.byteLength(EXAMPLE));
    expect(world.textOf(0)).toContain('微信气泡狗集线器*1');
  });
});
