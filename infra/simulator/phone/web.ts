// The person in WeChat's browser: opens authorization pages (platform 6.1).
import { readFlag, readText } from '../control-body.ts';
import type { Body } from '../control-body.ts';
import { ControlError, paramError } from '../control-error.ts';
import type { Person } from '../people.ts';
import type { World } from '../world.ts';
import type { Actions } from './action.ts';

export const webActions: Actions = {
  open: openAuthorization,
  'change-password': ({ userTokens }, person) => {
    userTokens.revoke(person);
    return {};
  },
};

// The order of the parameters counts, and the fragment is part of it.
const address =
  /\/connect\/oauth2\/authorize\?appid=([^&#]*)&redirect_uri=([^&#]*)&response_type=code&scope=([^&#]*)&state=([^&#]*)(?:&forcePopup=(?:true|false))?#wechat_redirect$/;
const order = 'appid, redirect_uri, response_type=code, scope, state[, forcePopup]#wechat_redirect';

function openAuthorization(world: World, person: Person, body: Body): { location: string | null } {
  const url = readText(body, 'url');
  const agree = readFlag(body, 'agree', true);
  const snapshot = readFlag(body, 'snapshot', false);
  const [, appId, encodedUri = '', scope, state = ''] = address.exec(url) ?? [];
  if (appId === undefined) throw paramError(`url must be /connect/oauth2/authorize with, in this order: ${order}`);
  if (appId !== world.settings.official.appId) throw new ControlError(400, '40013', 'invalid appid: not the account’s');
  if (scope !== 'snsapi_base' && scope !== 'snsapi_userinfo') throw new ControlError(400, '10005', `scope is ${scope}`);
  if (!/^[a-zA-Z0-9]{0,128}$/.test(state)) throw paramError('state must be up to 128 letters and digits');
  const redirectUri = readRedirectUri(encodedUri, world.settings.official.oauthDomain);
  if (!agree) return { location: null };
  const identity = snapshot
    ? world.people.newSnapshotIdentity()
    : { openId: person.openIds.official, unionId: person.unionId };
  const code = world.oauthCodes.issue({ person, ...identity, scope, snapshot });
  return { location: withQuery(redirectUri, `code=${code}&state=${state}`) };
}

function readRedirectUri(encoded: string, domain: string | undefined): string {
  const uri = decodeOnce(encoded);
  if (!/^https?:\/\//.test(uri) || !URL.canParse(uri)) {
    throw paramError('redirect_uri must be an http(s) address, percent-encoded exactly once');
  }
  if (domain && new URL(uri).hostname !== domain) {
    throw new ControlError(400, '10003', `the domain of redirect_uri is not ${domain}, the one of the console`);
  }
  return uri;
}

/** Undoes one percent-encoding; empty for a text that has none, which would lose its own query on the way. */
function decodeOnce(encoded: string): string {
  try {
    return /[:/?=]/.test(encoded) ? '' : decodeURIComponent(encoded);
  } catch {
    return '';
  }
}

function withQuery(uri: string, query: string): string {
  const [, base = '', fragment = ''] = /^([^#]*)(.*)$/s.exec(uri) ?? [];
  return `${base}${base.includes('?') ? '&' : '?'}${query}${fragment}`;
}
