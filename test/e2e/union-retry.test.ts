// Lookups of a unionid that the table stream retries, over HTTP against the local stack.
import { it } from 'vitest';
import { phone } from '../support/client.ts';
import { expectOneAccount, LOGINS, ORDERS } from '../support/three-logins.ts';

it.each(ORDERS)(
  'an old follower has one account after %s, %s and %s while WeChat is busy at first',
  async (...order) => {
    const person = await phone.newPerson({ follows: true });
    // The first lookup of the unionid fails: a busy call is retried once.
    await phone.fault('user/info', 'busy', { times: 2 });
    const sessions: Record<string, string>[] = [];
    for (const login of order) sessions.push(await LOGINS[login]!(person));
    await expectOneAccount(sessions);
  },
);
