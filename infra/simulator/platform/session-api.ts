import { sessionSignature } from '../open-data.ts';
import type { People, Person } from '../people.ts';
import type { World } from '../world.ts';
import { PlatformError } from './error.ts';
import { ok } from './route.ts';
import type { Routes } from './route.ts';

/** Sessions of the mini-program: whether a key still holds, and a new one for it (platform 1.4). */
export function sessionRoutes({ people }: World): Routes {
  return {
    '/wxa/checksession': {
      method: 'GET',
      app: 'miniapp',
      json: ({ query }) => {
        findSession(people, query);
        return ok;
      },
    },
    '/wxa/resetusersessionkey': {
      method: 'GET',
      app: 'miniapp',
      json: ({ query }) => {
        const person = findSession(people, query);
        return { ...ok, openid: person.openIds.miniapp, session_key: people.renewSessionKey(person) };
      },
    },
  };
}

/** The person whose current key has signed this call. */
function findSession(people: People, query: URLSearchParams): Person {
  const signature = query.get('signature');
  if (!query.get('openid') || !signature) throw new PlatformError(40097);
  if (query.get('sig_method') !== 'hmac_sha256') throw new PlatformError(87008);
  const person = people.byOpenId('miniapp', query.get('openid'));
  if (!person) throw new PlatformError(40003);
  if (!person.sessionKey) throw new PlatformError(87007);
  if (signature !== sessionSignature(person.sessionKey)) throw new PlatformError(87009);
  return person;
}
