// Uploads over HTTP through the local stack: the gateway passes the bytes of a request and of an answer unchanged.
import { describe, expect, inject, it, vi } from 'vitest';
import { api, phone } from '../support/client.ts';
import { distinctPng, filePart, multipart, PNG } from '../support/pictures.ts';

const logIn = async () => {
  const { body } = await api('POST', '/miniapp/login', {
    body: { code: await phone.loginCode(await phone.newPerson()) },
  });
  return body.token as string;
};
const base = () => inject('stack').http;

/** Sends a multipart body as it is. */
async function post(token: string, { contentType, bytes }: ReturnType<typeof multipart>) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': contentType };
  const answer = await fetch(`${base()}/uploads`, { method: 'POST', headers, body: new Uint8Array(bytes) });
  return { status: answer.status, body: (await answer.json()) as { url: string; uploadId: string; code: string } };
}

describe('an uploaded picture', () => {
  it('is served byte for byte, with every value of a byte', async () => {
    const token = await logIn();
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const picture = Buffer.concat([PNG, all, Buffer.from('\r\n--boundary\r\n')]);
    const { status, body } = await post(token, multipart(filePart(picture, { filename: '头像.png' })));
    expect(status).toBe(201);
    const served = await fetch(body.url);
    expect(served.status).toBe(200);
    expect(Buffer.from(await served.arrayBuffer()).equals(picture)).toBe(true);
    expect(Object.fromEntries(served.headers)).toMatchObject({
      'content-type': 'image/png',
      'content-length': String(picture.length),
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
    });
    expect(served.headers.get('set-cookie')).toBeNull();
  });

  it('becomes the avatar, and ends with the account', async () => {
    const token = await logIn();
    const form = new FormData();
    form.append('user', 'test');
    form.append('avatar', new Blob([new Uint8Array(distinctPng('e2e'))], { type: 'image/png' }), 'a.png');
    const headers = { authorization: `Bearer ${token}` };
    const uploaded = await fetch(`${base()}/uploads`, { method: 'POST', headers, body: form });
    const { uploadId: avatarUploadId, url } = (await uploaded.json()) as { uploadId: string; url: string };
    expect(await api('PUT', '/miniapp/profile', { token, body: { avatarUploadId } })).toMatchObject({ status: 200 });
    const avatarUrl = async () => (await api('GET', '/me', { token })).body.user.avatarUrl as string;
    await vi.waitFor(async () => expect(await avatarUrl()).toBe(url), { timeout: 20_000 });
    expect((await fetch(url)).status).toBe(200);
    expect(await api('DELETE', '/me', { token })).toMatchObject({ status: 204 });
    expect((await fetch(url)).status).toBe(404);
  });

  it('of one megabyte passes the gateway, and a larger one is rejected by the function', async () => {
    const token = await logIn();
    const largest = Buffer.concat([PNG, Buffer.alloc(1024 * 1024 - PNG.length)]);
    expect(await post(token, multipart(filePart(largest)))).toMatchObject({ status: 201 });
    const larger = multipart(filePart(Buffer.concat([largest, Buffer.alloc(200_000)])));
    expect(await post(token, larger)).toMatchObject({ status: 413, body: { code: 'BODY_TOO_LARGE' } });
  });
});
