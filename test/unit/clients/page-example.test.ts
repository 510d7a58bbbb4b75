// The example of a web page in the README of the clients, on a browser whose every login ends without a session.
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { clientExample } from '../../support/client-examples.ts';

const body = clientExample('In a web page').replace(/^import .*$/m, '');

class ApiError extends Error {
  readonly code = 'UNAUTHENTICATED';
}

/** A tab of a browser. `load` runs the page at an address. */
function newTab() {
  const stored = new Map<string, string>();
  const sessionStorage = {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, value: string) => void stored.set(name, value),
    removeItem: (name: string) => void stored.delete(name),
  };
  const load = async (href: string, user?: object) => {
    const shown: unknown[] = [];
    const location = { href, search: new URL(href).search };
    const getMe = async () => {
      if (user) return { user };
      throw new ApiError();
    };
    const context = {
      ApiError,
      URLSearchParams,
      location,
      sessionStorage,
      document: {},
      createClient: () => ({ getMe, authorizeUrl: () => 'authorize' }),
      showLoginButton: (failed: unknown) => void shown.push(failed),
    };
    await (runInNewContext(`(async () => {${body}})()`, context) as Promise<void>);
    return { startsLogin: location.href === 'authorize', shown };
  };
  return { load };
}

const PAGE = 'https://shop.example/';

describe('the example of a web page', () => {
  it('starts a login by itself once, so that a browser that keeps no session gets a button', async () => {
    const { load } = newTab();
    expect(await load(PAGE)).toEqual({ startsLogin: true, shown: [] });
    expect(await load(PAGE)).toMatchObject({ startsLogin: false, shown: { length: 1 } });
    expect(await load(PAGE)).toMatchObject({ startsLogin: false });
  });

  it('shows a button with the code of a failed login', async () => {
    expect(await newTab().load(`${PAGE}?login_error=SNAPSHOT_USER`)).toEqual({
      startsLogin: false,
      shown: ['SNAPSHOT_USER'],
    });
  });

  it('starts a login again after the session of an earlier one has ended', async () => {
    const { load } = newTab();
    await load(PAGE);
    expect(await load(PAGE, { username: 'u' })).toEqual({ startsLogin: false, shown: [] });
    expect(await load(PAGE)).toMatchObject({ startsLogin: true });
  });
});
