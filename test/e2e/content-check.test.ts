// Content checks over HTTP: the simulator fetches each picture from the gateway, and pushes its verdict to the webhook.
import { describe, expect, inject, it, vi } from 'vitest';
import { api, operator, phone } from '../support/client.ts';
import { distinctPng, filePart, multipart } from '../support/pictures.ts';

const VERDICT = { timeout: 20_000 };

async function logIn(): Promise<string> {
  const code = await phone.loginCode(await phone.newPerson());
  return (await api('POST', '/miniapp/login', { body: { code } })).body.token as string;
}

/** Uploads a picture and makes it the avatar. The simulator judges the text behind the picture. */
async function choose(token: string, text: string) {
  const { contentType, bytes } = multipart(filePart(distinctPng(`${text} ${crypto.randomUUID()}`)));
  const headers = { authorization: `Bearer ${token}`, 'content-type': contentType };
  const answer = await fetch(`${inject('stack').http}/uploads`, {
    method: 'POST',
    headers,
    body: new Uint8Array(bytes),
  });
  const upload = (await answer.json()) as { uploadId: string; url: string; status: string };
  expect(upload.status).toBe('checking');
  const chosen = await api('PUT', '/miniapp/profile', { token, body: { avatarUploadId: upload.uploadId } });
  expect(chosen.status).toBe(200);
  return { ...upload, visible: chosen.body.user.avatarUrl as string | null };
}

const avatarOf = async (token: string) => (await api('GET', '/me', { token })).body.user.avatarUrl as string;
const becomesVisible = (token: string, url: string) =>
  vi.waitFor(async () => expect(await avatarOf(token)).toBe(url), VERDICT);

describe('the avatar of a user', () => {
  it('stays the old picture while the new one is checked, and changes after the push', async () => {
    const token = await logIn();
    const first = await choose(token, 'good');
    expect(first.visible).toBeNull();
    await becomesVisible(token, first.url);
    const second = await choose(token, 'good');
    expect(second.visible).toBe(first.url);
    await becomesVisible(token, second.url);
    expect((await fetch(first.url)).status).toBe(404);
  });

  it('stays the old picture when the new one is refused, whose file is deleted', async () => {
    const token = await logIn();
    const first = await choose(token, 'good');
    await becomesVisible(token, first.url);
    const refused = await choose(token, 'risky');
    await vi.waitFor(async () => expect((await fetch(refused.url)).status).toBe(404), VERDICT);
    expect(await avatarOf(token)).toBe(first.url);
    const again = await api('PUT', '/miniapp/profile', { token, body: { avatarUploadId: refused.uploadId } });
    expect(again).toMatchObject({ status: 400, body: { code: 'CONTENT_REFUSED' } });
  });

  it('changes when an operator approves a held picture', async () => {
    const token = await logIn();
    const held = await choose(token, 'review');
    const decide = () => operator('content-decide', { uploadId: held.uploadId, decision: 'approve' });
    expect(await decide()).toMatchObject({ kind: 'upload', url: held.url, state: 'passed' });
    expect(await avatarOf(token)).toBe(held.url);
  });
});

describe('a nickname', () => {
  it('is refused without the reason of WeChat, and leaves the profile unchanged', async () => {
    const token = await logIn();
    await api('PUT', '/miniapp/profile', { token, body: { nickname: '李雷' } });
    const refused = await api('PUT', '/miniapp/profile', { token, body: { nickname: '去赌博' } });
    expect(refused).toMatchObject({
      status: 400,
      body: { code: 'CONTENT_REFUSED', detail: { field: 'body.nickname' } },
    });
    expect(refused.body.message).not.toMatch(/20006|赌博/);
    expect((await api('GET', '/me', { token })).body.user.nickname).toBe('李雷');
  });
});
