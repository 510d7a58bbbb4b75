// An independent client library of WeChat Pay handles a complaint at the simulator.
import { createHash } from 'node:crypto';
import plugin from 'wechatpay-axios-plugin';
import { expect, it } from 'vitest';
import { merchantKeys, settings } from '../unit/simulator/settings.ts';
import { useComplaints } from '../unit/simulator/pay/complaint-support.ts';
import { axiosPlugin } from './merchants.ts';

const { simulator, receiver, complaintId, act } = useComplaints();
const { mchId, apiV3Key } = settings.pay;
const complaints = '/v3/merchant-service/complaints-v2';

interface Details {
  complaint_state: string;
  payer_phone: string;
}

it('wechatpay-axios-plugin opens a notification, reads the phone number, replies with a picture and completes', async () => {
  const id = await complaintId();
  const { ciphertext, nonce, associated_data: data } = JSON.parse(receiver.received[0]!.body).resource;
  expect(JSON.parse(plugin.Aes.AesGcm.decrypt(ciphertext, apiV3Key, nonce, data))).toEqual({
    complaint_id: id,
    action_type: 'CREATE_COMPLAINT',
  });
  const { v3 } = axiosPlugin(simulator.url);
  const details = async () => (await v3.get<Details>(`${complaints}/${id}`)).data;
  expect(plugin.Rsa.decrypt((await details()).payer_phone, merchantKeys.privateKey)).toBe('13580006666');

  const picture = Buffer.from('89504e470d0a1a0a00ff', 'hex');
  const meta = { filename: 'a.png', sha256: createHash('sha256').update(picture).digest('hex') };
  const form = new plugin.Multipart().append('meta', JSON.stringify(meta)).append('file', picture, 'a.png');
  const upload = '/v3/merchant-service/images/upload';
  const { data: image } = await v3.post<{ media_id: string }>(upload, form.getBuffer(), {
    meta,
    headers: form.getHeaders(),
  });
  const reply = { complainted_mchid: mchId, response_content: '今天发货', response_images: [image.media_id] };
  expect((await v3.post(`${complaints}/${id}/response`, reply)).status).toBe(204);
  await act(id, 'user-responds', '好的');
  await v3.post(`${complaints}/${id}/complete`, { complainted_mchid: mchId });
  expect(await details()).toMatchObject({ complaint_state: 'PROCESSED' });
});
