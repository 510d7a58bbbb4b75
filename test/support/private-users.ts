// Users of both apps with personal data, for the tests of their deletion and export.
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { bindPhone } from '../../lib/identity/bind-phone.ts';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { recogniseOrCreate } from '../../lib/identity/recognise.ts';
import { updateProfile } from '../../lib/identity/update-profile.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { putUserToken } from '../../lib/store/user-tokens.ts';
import { createUpload } from '../../lib/uploads/create-upload.ts';
import { loadUploads } from '../../lib/wiring/uploads.ts';
import { newPhone } from './phone-users.ts';
import { distinctPng } from './pictures.ts';
import type { App, UserDataFields } from './user-data-pushes.ts';
import { ids, type Person, type World } from './world.ts';

const FAR_S = 4_000_000_000;

export interface PrivateUser {
  person: Person;
  /** The identity in the official account. */
  official: { appId: string; openId: string };
  /** Without the country code. */
  phone: string;
  nickname: string;
  token: string;
  userId: string;
}

export function privateUsers(world: World) {
  const login = async (person: Person) => loginMiniapp(world.miniapp, await world.phone.loginCode(person));
  const bind = async (person: Person, token: string) => {
    const { code } = (await world.phone.act(person, 'phone-code')) as { code: string };
    return bindPhone(world.miniapp, { token, proof: { code } });
  };
  const items = async () =>
    (await world.table.client.send(new ScanCommand({ TableName: world.table.name }))).Items as Record<
      string,
      unknown
    >[];
  return {
    login,
    bind,
    items,
    /**
     * Creates a user with a phone, with a nickname and a picture that the user entered, and with an OAuth token.
     * @param merged whether the user had an account in each app, which were merged
     */
    newUser: async ({ merged = false } = {}): Promise<PrivateUser> => {
      const phone = newPhone();
      const person = await world.phone.newPerson({ phone });
      const official = { appId: ids.official.appId, openId: person.openIds.official };
      if (merged) await recogniseOrCreate(world.base, official);
      const first = await login(person);
      await recogniseOrCreate(world.base, { ...official, unionId: person.unionId });
      const { token } = await bind(person, (await login(person)).token);
      const nickname = `昵称${phone}`;
      await updateProfile(world.miniapp, { token, input: { nickname, avatarUrl: `https://a.example/${phone}` } });
      await putUserToken(world.table, { ...official, accessToken: 'a', refreshToken: 'r', expiresAt: FAR_S });
      const { id: userId } = (await readAccount(world.table, first.user.id, 'strong'))!;
      return { person, official, phone, nickname, token, userId };
    },
    /** Uploads two pictures, and makes the first the avatar. The world needs a bucket. @returns their file names */
    uploadAvatar: async ({ token }: PrivateUser): Promise<[string, string]> => {
      const deps = await loadUploads(world.outside);
      const upload = (mark: string) => createUpload(deps, { token, readFile: async () => distinctPng(token + mark) });
      const [avatar, other] = [await upload('1'), await upload('2')];
      await updateProfile(world.miniapp, { token, input: { avatarUploadId: avatar.uploadId } });
      return [avatar, other].map(({ url }) => url.split('/').at(-1)!) as [string, string];
    },
    accountOf: ({ userId }: { userId: string }) => readAccount(world.table, userId, 'strong'),
    /** Returns the keys of the lasting items that contain a personal value of the user. */
    traces: async (user: PrivateUser) => {
      const text = (item: object) => JSON.stringify(item, (_, value) => (value instanceof Set ? [...value] : value));
      return (await items())
        .filter(({ expiresAt }) => expiresAt === undefined)
        .filter((item) => valuesOf(user).some((value) => text(item).includes(value)))
        .map(({ pk, sk }) => `${pk} ${sk}`);
    },
  };
}

/** Returns the personal values of a user. */
export function valuesOf({ person, phone, nickname }: PrivateUser): string[] {
  return [person.openIds.miniapp, person.openIds.official, person.unionId, phone, nickname];
}

/** Returns a push about a user of this app. */
export function about({ person }: { person: Person }, app: App, Event: string, RevokeInfo?: string): UserDataFields {
  return { Event, OpenID: person.openIds[app], AppID: ids[app].appId, ...(RevokeInfo && { RevokeInfo }) };
}
