import type { Clock } from './clock.ts';
import { readText } from './control-body.ts';
import { ControlError, controlParamError } from './control-error.ts';
import { faultNames } from './faults.ts';
import { isRecord, jsonAnswer, parseJson } from './http.ts';
import type { Answer, Call } from './http.ts';
import { readLoopbackUrl } from './loopback.ts';
import { merchantPlatformCalls, handleMerchantPlatformCall } from './pay/merchant-platform.ts';
import { changeTrade, shipByHand, tradeConsoleCalls } from './shipping/trade-console.ts';
import { createUser, phoneActionNames, describeUser, performPhoneAction } from './phone/phone.ts';
import { accountQrUrl } from './phone/scan.ts';
import { PUSH_FORMATS } from './settings.ts';
import { describeSwitches } from './shipping/describe-trade.ts';
import { actOnVirtual, showVirtual, virtualConsoleCalls } from './virtual/console.ts';
import type { AppName } from './wechat-users.ts';
import type { World } from './world.ts';

// Longer than any lifetime in the simulator, and short enough to keep all dates valid.
const maxAdvanceMs = 3_650 * 86_400_000;

const noContent: Answer = { status: 204, body: '' };

/** Whether a path is a control call and not a path of WeChat. */
export function isControlPath(path: string): boolean {
  return path === '/' || path.startsWith('/_');
}

/** Builds the control API, for developers and tests: phones, faults, clock, log. */
export function createControlApi(world: World): (call: Call) => Promise<Answer> {
  return async (call) => {
    try {
      return await control(world, call);
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
      return jsonAnswer(error.status, { error: error.code, message: error.message, ...error.details });
    }
  };
}

async function control(world: World, call: Call): Promise<Answer> {
  const body = readControlBody(call);
  // `/_phone/users/{id}/{action}` and `/_domains/{name}`.
  const [, , name = '', id = '', action = ''] = call.path.split('/');
  switch (`${call.method} ${call.path}`) {
    case 'GET /':
      return jsonAnswer(200, describeSimulator(world));
    case 'GET /_log':
      return jsonAnswer(200, world.log.entries().slice(-readLast(call)));
    case 'DELETE /_log':
      world.log.clear();
      return noContent;
    case 'GET /_clock':
      return jsonAnswer(200, showClock(world.clock));
    case 'POST /_clock':
      await world.clock.advance(readAdvanceMs(body));
      return jsonAnswer(200, showClock(world.clock));
    case 'POST /_faults':
      world.faults.plan(body);
      return noContent;
    case 'DELETE /_faults':
      world.faults.clear();
      return noContent;
    case 'GET /_issued':
      return jsonAnswer(200, world.secrets.list());
    case 'GET /_official':
      return jsonAnswer(200, showOfficial(world));
    case 'POST /_official':
      world.account.change(isRecord(body) ? body : {});
      return noContent;
    case 'GET /_miniapp':
      return jsonAnswer(200, showMiniProgram(world));
    case 'POST /_miniapp':
      world.miniProgram.change(isRecord(body) ? body : {}, PUSH_FORMATS);
      return noContent;
    case 'GET /_content-check':
      return jsonAnswer(200, world.verdicts.show());
    case 'PUT /_content-check':
      world.verdicts.change(isRecord(body) ? body : {});
      return noContent;
    case 'GET /_merchant/trade':
      return jsonAnswer(200, describeSwitches(world.trade));
    case 'POST /_merchant/trade':
      await changeTrade(world.trade, isRecord(body) ? body : {});
      return jsonAnswer(200, describeSwitches(world.trade));
    case 'POST /_merchant/shipping':
      return jsonAnswer(200, await shipByHand(world, isRecord(body) ? body : {}));
    case 'GET /_merchant/virtual':
      return jsonAnswer(200, showVirtual(world.virtual));
    case 'POST /_merchant/virtual':
      return jsonAnswer(200, await actOnVirtual(world.virtual, isRecord(body) ? body : {}, world.users));
    case 'POST /_open-platform':
      world.users.bind(readApps(body));
      return noContent;
    case 'POST /_domains':
      return jsonAnswer(201, world.domains.issue());
    case `POST /_domains/${name}`:
      return jsonAnswer(200, await world.domains.verify(name, readText(isRecord(body) ? body : {}, 'baseUrl')));
    case 'POST /_phone/users':
      return jsonAnswer(201, createUser(world, body));
    case `GET /_phone/users/${id}`:
      return jsonAnswer(200, describeUser(world, id));
    case `GET /_phone/files/${id}`:
      return world.files.show(id);
    case `POST /_phone/users/${id}/${action}`:
      if (action === 'visit') assertPageOfThisMachine(call);
      return jsonAnswer(200, await performPhoneAction(world, { id, action, body }));
    default: {
      const done = await handleMerchantPlatformCall(world, `${call.method} ${call.path}`, body);
      if (done) return done.value ? jsonAnswer(done.status, done.value) : noContent;
      throw new ControlError(404, 'NOT_FOUND', `no control call ${call.method} ${call.path}: see GET /`);
    }
  }
}

/**
 * Rejects a call of a page of another site, which a browser sends too. Such a page could otherwise send any request to
 * this machine. The header Host differs when the site resolves its own name to this machine.
 */
function assertPageOfThisMachine({ headers: { host, origin } }: Call): void {
  readLoopbackUrl(`http://${host}`, 'the header Host');
  if (origin !== undefined) readLoopbackUrl(origin, 'the header Origin');
}

function readControlBody({ body }: Call): unknown {
  if (body.length === 0) return undefined;
  const value = parseJson(body);
  if (value === undefined) throw controlParamError('the body is not JSON');
  return value;
}

/** Reads `?last=<n>`: the number of log entries to return; all entries if absent. */
function readLast({ query }: Call): number {
  const last = Number(query.get('last') ?? Infinity);
  if (last === Infinity || (Number.isInteger(last) && last > 0)) return last;
  throw controlParamError('last must be 1 or more');
}

function readAdvanceMs(body: unknown): number {
  const advanceMs = isRecord(body) ? body.advanceMs : undefined;
  if (typeof advanceMs === 'number' && advanceMs >= 0 && advanceMs <= maxAdvanceMs) return advanceMs;
  throw controlParamError('advanceMs must be 0 to ten years: this clock does not go back');
}

function readApps(body: unknown): AppName[] {
  const bound = isRecord(body) ? body.bound : undefined;
  if (Array.isArray(bound) && bound.every((app) => app === 'miniapp' || app === 'official')) return bound;
  throw controlParamError('bound must be a list of "miniapp" and "official"; an empty one binds none');
}

function showOfficial({ account, users }: World): object {
  const followers = users.followers().map(({ openIds }) => openIds.official);
  const { default: menu, conditional: conditionalMenus } = account.menus;
  return { mode: account.sealing.mode, menu: menu?.button ?? null, conditionalMenus, followers };
}

function showMiniProgram({ miniProgram: { sealing, originalId, callbackUrl } }: World): object {
  return { mode: sealing.mode, format: sealing.format, originalId, callbackUrl };
}

function showClock(clock: Clock): object {
  return { now: clock.now(), offsetMs: clock.offsetMs };
}

function describeSimulator({ account: { originalId } }: World): object {
  return {
    about: 'A WeChat for your own machine: platform, WeChat Pay v3 and v2, and the phones of its people.',
    page: 'GET / in a browser: a phone to click',
    accountQr: accountQrUrl(originalId),
    calls: {
      'POST /_domains': 'issues a verification file of a domain: {name, content}',
      'POST /_domains/{name}': '{baseUrl}: checks that the root of this address serves the file: {verified, reason?}',
      'POST /_phone/users':
        '{phone?, countryCode?, fullPhone?, nickname?, avatarUrl?, follows?, tagIds?, clientPlatformType?}; phone null for no phone',
      'GET /_official': 'mode, menu, conditional menus and followers of the official account',
      'POST /_official': '{mode?, aesKey?, token?, callbackUrl?}: changes the settings of the official account at once',
      'GET /_miniapp': 'mode, format, gh_ id and callback URL of the message push of the mini-program',
      'POST /_miniapp':
        '{mode?, format?, aesKey?, token?, callbackUrl?}: changes the message push of the mini-program at once',
      'GET /_content-check':
        'the words that make a text or a picture risky or doubtful, and the delay of media results',
      'PUT /_content-check': '{risky?, review?, mediaDelayMs?}: replaces them',
      'POST /_open-platform': '{bound: ["miniapp", "official"]}: the apps in which people have a unionid',
      'GET /_phone/users/{id}': 'ids, chat, customer-service chat, and the messages received',
      'POST /_phone/users/{id}/{action}': phoneActionNames,
      'GET /_phone/files/{name}': 'the bytes of a temporary file that choose-avatar returned',
      ...merchantPlatformCalls,
      ...tradeConsoleCalls,
      ...virtualConsoleCalls,
      'POST /_faults': '{target, action, times?, errcode?}: see faults',
      'DELETE /_faults': 'cancels the planned faults',
      'GET /_clock, POST /_clock': '{advanceMs}',
      'GET /_issued': 'every secret and personal string of this world: what no log may show',
      'GET /_log, DELETE /_log': 'every call received and push sent; ?last=<n> for the newest n',
    },
    faults: faultNames,
  };
}
