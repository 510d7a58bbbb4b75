// Users who upload pictures, through the production wiring.
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { updateProfile } from '../../lib/identity/update-profile.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { readUploads, setUploadState, type Upload } from '../../lib/store/uploads.ts';
import { createUpload, type CheckPicture } from '../../lib/uploads/create-upload.ts';
import { loadUploads } from '../../lib/wiring/uploads.ts';
import { startBucket, type Bucket } from './bucket.ts';
import { distinctPng } from './pictures.ts';
import { createWorld, type World } from './world.ts';

export interface Uploaded {
  uploadId: string;
  url: string;
  status: 'checking' | 'passed';
  key: string;
}

export interface UploadWorld {
  bucket: Bucket;
  world: World;
  users: Awaited<ReturnType<typeof uploadersOf>>;
  stop(): Promise<void>;
}

/** Starts a bucket and a world whose users upload pictures. */
export async function startUploadWorld(): Promise<UploadWorld> {
  const bucket = await startBucket();
  const world = await createWorld();
  const stop = async () => {
    await world.simulator.close();
    await bucket.stop();
  };
  return { bucket, world, users: await uploadersOf(world), stop };
}

async function uploadersOf(world: World) {
  const deps = await loadUploads(world.outside);
  let pictures = 0;

  /** Uploads a picture that differs from all others. */
  const upload = async (token: string, checkPicture?: CheckPicture): Promise<Uploaded> => {
    pictures += 1;
    const file = distinctPng(String(pictures));
    const created = await createUpload({ ...deps, checkPicture }, { token, readFile: async () => file });
    return { ...created, key: keyOf(created) };
  };

  return {
    deps,
    logIn: async (): Promise<{ token: string; id: string }> => {
      const code = await world.phone.loginCode(await world.phone.newPerson());
      const { token, user } = await loginMiniapp(world.miniapp, code);
      return { token, id: user.id };
    },
    upload,
    /** Uploads a picture whose check has no verdict yet. */
    uploadUnchecked: (token: string) => upload(token, async () => 'checking'),
    choose: async (token: string, avatarUploadId: string, nickname?: string) =>
      (await updateProfile(world.miniapp, { token, input: { avatarUploadId, nickname } })).user,
    account: async (id: string) => (await readAccount(world.table, id, 'strong'))!,
    itemOf: async (id: string, uploadId: string) =>
      (await readUploads(world.table, id)).find((item) => item.uploadId === uploadId),
    /** Stores the verdict about a picture. */
    judge: async (id: string, uploadId: string, state: 'passed' | 'refused'): Promise<Upload> =>
      (await setUploadState(world.table, { accountId: id, uploadId }, state))!,
  };
}

/** Returns the key of an uploaded file, which ends its address. */
export function keyOf({ url }: { url: string }): string {
  return url.split('/').at(-1)!;
}
