import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { putUpload, readUpload, setUploadState, type Upload } from '../../lib/store/uploads.ts';
import { createUpload, type UploadDeps } from '../../lib/uploads/create-upload.ts';
import { loadUploads } from '../../lib/wiring/uploads.ts';
import { distinctPng, PNG } from '../support/pictures.ts';
import { startUploadWorld, type UploadWorld } from '../support/uploaders.ts';

let world: UploadWorld['world'];
let users: UploadWorld['users'];
let stop: UploadWorld['stop'];
beforeAll(async () => {
  ({ world, users, stop } = await startUploadWorld());
});
afterAll(() => stop());
afterEach(() => vi.unstubAllEnvs());

describe('createUpload', () => {
  const upload = (token: string, change: Partial<UploadDeps> = {}, file: Buffer = PNG) =>
    createUpload({ ...users.deps, ...change }, { token, readFile: async () => file });
  const stored = (accountId: string, uploadId: string) =>
    readUpload(world.table, { accountId, uploadId }, { nowMs: world.base.now(), consistency: 'strong' });
  const item = (accountId: string, at: number, change: Partial<Upload> = {}): Upload => ({
    accountId,
    uploadId: `${'0'.repeat(30)}${String(at).padStart(2, '0')}`,
    key: `${at}.png`,
    type: 'image/png',
    bytes: 1,
    sha256: String(at),
    state: 'passed',
    createdAt: new Date(world.base.now()).toISOString(),
    expiresAt: Math.floor(world.base.now() / 1_000) + 600,
    ...change,
  });

  it('stores an unchecked picture as checking until its check was requested', async () => {
    const { token, id } = await users.logIn();
    const states: string[] = [];
    const checkPicture = async ({ accountId, uploadId }: Upload) => {
      states.push((await stored(accountId, uploadId))!.state);
      return 'checking' as const;
    };
    const { uploadId, status } = await upload(token, { checkPicture });
    expect([states, status]).toEqual([['checking'], 'checking']);
    expect(await stored(id, uploadId)).toMatchObject({ state: 'checking' });
  });

  it('stores a picture as passed that is accepted without a check', async () => {
    const { token, id } = await users.logIn();
    const { uploadId, status } = await upload(token, { checkPicture: async () => 'passed' });
    expect(status).toBe('passed');
    expect(await stored(id, uploadId)).toMatchObject({ state: 'passed' });
  });

  it('rejects the bytes of a picture that was refused, and accepts other bytes', async () => {
    const { token, id } = await users.logIn();
    const { uploadId } = await upload(token, { checkPicture: async () => 'checking' });
    await setUploadState(world.table, { accountId: id, uploadId }, 'refused');
    await expect(upload(token)).rejects.toMatchObject({ code: 'CONTENT_REFUSED' });
    expect(await upload(token, {}, distinctPng('x'))).toMatchObject({ status: 'passed' });
    expect(await upload((await users.logIn()).token)).toMatchObject({ status: 'passed' });
  });

  it('rejects the fifty-first unused picture of an account until one expires', async () => {
    const { token, id } = await users.logIn();
    const unused = Array.from({ length: 49 }, (_, at) => item(id, at));
    const others = [
      item(id, 60, { expiresAt: Math.floor(world.base.now() / 1_000) - 1 }),
      item(id, 61, { state: 'refused' }),
      item(id, 62, { expiresAt: undefined, usedAt: new Date(world.base.now()).toISOString() }),
    ];
    for (const one of [...unused, ...others]) await putUpload(world.table, one);
    await upload(token);
    const rejected = await upload(token).catch((error: unknown) => error);
    expect(rejected).toMatchObject({ code: 'RATE_LIMITED' });
    const { retryAfterSeconds } = rejected as { retryAfterSeconds: number };
    expect(retryAfterSeconds).toBeGreaterThan(500);
    expect(retryAfterSeconds).toBeLessThanOrEqual(600);
  });

  it('counts a picture that a crash kept before its use as unused', async () => {
    const { token, id } = await users.logIn();
    for (let at = 0; at < 50; at += 1) await putUpload(world.table, item(id, at, { expiresAt: undefined }));
    await expect(upload(token)).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: 24 * 3_600 });
  });

  it('rejects the twenty-first picture of an account in ten minutes', async () => {
    vi.stubEnv('LIMITS_FACTOR', '1');
    const limited = await loadUploads(world.outside);
    const { token } = await users.logIn();
    const once = () => createUpload(limited, { token, readFile: async () => PNG });
    for (let number = 0; number < 20; number += 1) await once();
    await expect(once()).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await expect(
      createUpload(limited, { token: (await users.logIn()).token, readFile: async () => PNG }),
    ).resolves.toMatchObject({ status: 'passed' });
  });
});
