// One user with several logins, over HTTP against the local stack.
import { expect, it } from 'vitest';
import { phone } from '../support/client.ts';
import { expectOneAccount, LOGINS, ORDERS, scan } from '../support/three-logins.ts';

it.each(ORDERS)('an old follower has one account after logins by %s, %s and %s', async (...order) => {
  const person = await phone.newPerson({ follows: true });
  const sessions: Record<string, string>[] = [];
  for (const login of order) sessions.push(await LOGINS[login]!(person));
  await expectOneAccount(sessions);
});

it.each([
  ['is busy', 'busy', { times: 2 }],
  ['has no quota left', 'errcode', { errcode: 45009 }],
])('a mini-program user who registers by a scan while WeChat %s has one account', async (_, action, plan) => {
  const person = await phone.newPerson({ follows: true });
  const inMiniapp = await LOGINS['mini-program']!(person);
  const { status, session } = await scan(person, () => phone.fault('user/info', action, plan));
  // The lookup of the poll failed.
  expect(status).toBe('unregistered');
  await expectOneAccount([inMiniapp, session]);
});
