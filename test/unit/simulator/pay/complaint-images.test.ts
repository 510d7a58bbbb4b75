import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { fieldIn, payCall } from '../support.ts';
import { useComplaints } from './complaint-support.ts';

const { simulator, complaintId, history, respond, get } = useComplaints();

const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.from([0, 255, 13, 10, 45, 45])]);
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Uploads a picture; the signature covers `signed`, which is the field `meta` unless it is given. */
async function upload({ bytes = png, meta = { filename: 'a.png', sha256: sha256(bytes) }, signed = '' } = {}) {
  const text = JSON.stringify(meta);
  const form = new FormData();
  form.append('meta', text);
  form.append('file', new Blob([new Uint8Array(bytes)]), 'a.png');
  const request = new Request('http://localhost/', { method: 'POST', body: form });
  const type = request.headers.get('content-type') ?? '';
  return payCall(simulator, {
    path: '/v3/merchant-service/images/upload',
    body: signed || text,
    form: { type, bytes: Buffer.from(await request.arrayBuffer()) },
  });
}

test('a picture is uploaded under a signature of its meta, sent in a response, and downloaded unchanged', async () => {
  const { status, json } = await upload();
  expect([status, Object.keys(json)]).toEqual([200, ['media_id']]);
  const id = await complaintId();
  expect((await respond(id, { response_images: [json.media_id] })).status).toBe(204);
  const url = `${simulator.url}/v3/merchant-service/images/${json.media_id}`;
  const { data } = await history(id);
  expect(data[1].complaint_media_list).toEqual({ media_type: 'OPERATION_IMAGE', media_url: [url] });
  const file = await get(`/images/${json.media_id}`);
  expect([file.status, file.text]).toEqual([200, png.toString()]);
  expect((await get('/images/unknown')).status).toBe(404);
});

test('the signature of an upload covers nothing but the meta', async () => {
  const { status, json } = await upload({ signed: '{}' });
  expect([status, json.code]).toEqual([401, 'SIGN_ERROR']);
});

test.each([
  ['another hash', { meta: { filename: 'a.png', sha256: sha256(Buffer.from('x')) } }, '/sha256'],
  ['a file that is no picture', { bytes: Buffer.from('text') }, undefined],
  ['another extension', { meta: { filename: 'a.gif', sha256: sha256(png) } }, '/filename'],
])('declines %s', async (_, change, field) => {
  const { status, json } = await upload(change);
  expect([status, json.code, fieldIn(json)]).toEqual([400, 'PARAM_ERROR', field]);
});

test('a response has at most four pictures', async () => {
  const { media_id: picture } = (await upload()).json;
  const id = await complaintId();
  expect((await respond(id, { response_images: Array(4).fill(picture) })).status).toBe(204);
  expect(fieldIn((await respond(id, { response_images: Array(5).fill(picture) })).json)).toBe('/response_images');
});
