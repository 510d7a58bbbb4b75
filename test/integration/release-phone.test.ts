import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getMe } from '../../lib/identity/get-me.ts';
import { releasePhone } from '../../lib/identity/release-phone.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { newPhone, phoneUsers } from '../support/phone-users.ts';
import { createWorld, type World } from '../support/world.ts';

describe('releasePhone', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.simulator.close());

  const { loggedIn, codeOf, bind } = phoneUsers(() => world);
  const accountOf = async (id: string) => (await readAccount(world.table, id, 'strong'))!;
  const boundUser = async () => {
    const phone = newPhone();
    const owner = await loggedIn({ phone });
    await bind(owner.token, { code: await codeOf(owner.person) });
    return { owner, phone: `+86${phone}` };
  };

  it('frees a number for another account, and leaves the former account its sessions', async () => {
    const { owner, phone } = await boundUser();
    expect(await releasePhone(world.base, { phone })).toEqual({ userId: owner.user.id });
    const account = await accountOf(owner.user.id);
    expect(account).toMatchObject({ phoneRelease: { reason: 'operator' }, username: expect.stringMatching(/^user_/) });
    expect(account).not.toHaveProperty('phone');
    await expect(getMe(world.sessions, owner.token)).resolves.toMatchObject({ user: { initialized: false } });
    const { person, token, user } = await loggedIn({ phone: phone.slice(3) });
    expect((await bind(token, { code: await codeOf(person) })).user.id).toBe(user.id);
  });

  it('returns NOT_FOUND for a number that no account has', async () => {
    await expect(releasePhone(world.base, { phone: '+8610000000000' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('lets the former account bind the number again, and removes the mark of the release', async () => {
    const { owner, phone } = await boundUser();
    await releasePhone(world.base, { phone });
    await bind(owner.token, { code: await codeOf(owner.person) });
    const account = await accountOf(owner.user.id);
    expect(account).toMatchObject({ phone });
    expect(account).not.toHaveProperty('phoneRelease');
  });

  it('releases a number once for two operators', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { phone } = await boundUser();
      const outcomes = await Promise.allSettled([
        releasePhone(world.base, { phone }),
        releasePhone(world.base, { phone }),
      ]);
      const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
      expect(errors).toMatchObject([{ code: 'NOT_FOUND' }]);
    }
  });

  it.each([
    ['a national number', { phone: '13911112222' }],
    ['a number with spaces', { phone: '+86 139 1111 2222' }],
    ['a number and another field', { phone: '+8613911112222', userId: 'x' }],
    ['no number', {}],
    ['a list', ['+8613911112222']],
  ])('rejects %s with PARAM_ERROR, which does not contain the input', async (_, input) => {
    const call = releasePhone(world.base, input);
    await expect(call).rejects.toMatchObject({ code: 'PARAM_ERROR' });
    await expect(call).rejects.toThrow(/^Send \{"phone": "\+8613911112222"\}: one number in E\.164 form$/);
  });
});
