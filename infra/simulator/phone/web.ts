// The user in WeChat's browser: opens authorization pages.
// See https://developers.weixin.qq.com/doc/service/guide/h5/auth.html
import { readChoice, readFlag, readText } from '../control-body.ts';
import type { ControlBody } from '../control-body.ts';
import { ControlError, controlParamError } from '../control-error.ts';
import type { WechatUser } from '../wechat-users.ts';
import type { World } from '../world.ts';
import type { PhoneActions } from './action.ts';

export const webActions: PhoneActions = {
  open: openAuthorization,
  'change-password': ({ userTokens }, user) => {
    userTokens.revoke(user);
    return {};
  },
};

/**
 * The forms in which a browser returns the state. Maxthon appends the address of its start page: w7corp/easywechat #2285.
 */
const stateForms = {
  kept: (state: string) => `&state=${state}`,
  appended: (state: string) => `&state=${state}https://i.maxthon.cn`,
  missing: () => '',
};
type StateForm = keyof typeof stateForms;

/** Names of this machine. A browser keeps the cookies of each name apart. */
const otherName: Record<string, string> = { localhost: '127.0.0.1', '127.0.0.1': 'localhost' };

// WeChat requires this order of the parameters, and the fragment.
const address =
  /\/connect\/oauth2\/authorize\?appid=([^&#]*)&redirect_uri=([^&#]*)&response_type=code&scope=([^&#]*)&state=([^&#]*)(?:&forcePopup=(?:true|false))?#wechat_redirect$/;
const order = 'appid, redirect_uri, response_type=code, scope, state[, forcePopup]#wechat_redirect';

/**
 * Agrees on a consent page. Each call issues a new code, also for the same address and state: chanxuehong/wechat #226. A
 * used code gets errcode 40163, for example after the Back button: w7corp/easywechat #714. With `snapshot`, WeChat shows a
 * preview and gives a made-up openid: w7corp/easywechat #2604.
 */
function openAuthorization(world: World, user: WechatUser, body: ControlBody): { location: string | null } {
  const url = readText(body, 'url');
  const agree = readFlag(body, 'agree', true);
  const snapshot = readFlag(body, 'snapshot', false);
  const lostCookie = readFlag(body, 'lostCookie', false);
  const stateForm = readStateForm(body);
  const [, appId, encodedUri = '', scope, state = ''] = address.exec(url) ?? [];
  if (appId === undefined)
    throw controlParamError(`url must be /connect/oauth2/authorize with, in this order: ${order}`);
  if (appId !== world.settings.official.appId) throw new ControlError(400, '40013', 'invalid appid: not the account’s');
  if (scope !== 'snsapi_base' && scope !== 'snsapi_userinfo') throw new ControlError(400, '10005', `scope is ${scope}`);
  if (!/^[a-zA-Z0-9]{0,128}$/.test(state)) throw controlParamError('state must be up to 128 letters and digits');
  const redirectUri = readRedirectUri(encodedUri, world.settings.official.oauthDomain);
  if (!agree) return { location: null };
  const identity = snapshot
    ? world.users.newSnapshotIdentity()
    : { openId: user.openIds.official, unionId: user.unionId };
  const code = world.oauthCodes.issue({ user, ...identity, scope, snapshot });
  const location = insertQuery(redirectUri, `code=${code}${stateForms[stateForm](state)}`);
  return { location: lostCookie ? withOtherName(location) : location };
}

/** Reads `alteredState`: true for the reported form, or the name of a form. */
function readStateForm(body: ControlBody): StateForm {
  const { alteredState = false } = body;
  if (typeof alteredState === 'boolean') return alteredState ? 'appended' : 'kept';
  return readChoice(body, 'alteredState', Object.keys(stateForms) as StateForm[])!;
}

/**
 * Moves an address of this machine to the other name of the machine. A client with a cookie jar then sends no cookie, like
 * WeChat's browser after the loss of its cookies: overtrue/socialite #97, w7corp/easywechat #481.
 */
function withOtherName(location: string): string {
  return location.replace(
    /^(https?:\/\/)(localhost|127\.0\.0\.1)(?=[:/?#]|$)/,
    (_, scheme: string, name: string) => scheme + otherName[name],
  );
}

function readRedirectUri(encoded: string, domain: string | undefined): string {
  const uri = decodeOnce(encoded);
  if (!/^https?:\/\//.test(uri) || !URL.canParse(uri)) {
    throw controlParamError('redirect_uri must be an http(s) address, percent-encoded exactly once');
  }
  if (domain && new URL(uri).hostname !== domain) {
    throw new ControlError(400, '10003', `the domain of redirect_uri is not ${domain}, the one of the console`);
  }
  return uri;
}

/** Undoes one percent-encoding; returns an empty text if the input is not encoded, because its query would be lost. */
function decodeOnce(encoded: string): string {
  try {
    return /[:/?=]/.test(encoded) ? '' : decodeURIComponent(encoded);
  } catch {
    return '';
  }
}

function insertQuery(uri: string, query: string): string {
  const [, base = '', fragment = ''] = /^([^#]*)(.*)$/s.exec(uri) ?? [];
  return `${base}${base.includes('?') ? '&' : '?'}${query}${fragment}`;
}
