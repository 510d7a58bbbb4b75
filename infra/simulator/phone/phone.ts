import { realSeconds } from '../clock.ts';
import { readFlag, readInteger, readOptionalText } from '../control-body.ts';
import { ControlError, controlParamError } from '../control-error.ts';
import { isRecord } from '../http.ts';
import type { WechatUser } from '../wechat-users.ts';
import type { World } from '../world.ts';
import type { PhoneActions } from './action.ts';
import { chatActions } from './chat.ts';
import { complainActions } from './complain.ts';
import { miniProgramActions } from './mini-program.ts';
import { networkActions } from './network.ts';
import { payActions } from './pay.ts';
import { scanActions } from './scan.ts';
import { sharedPageActions } from './shared-page.ts';
import { webActions } from './web.ts';

const actions: PhoneActions = {
  ...miniProgramActions,
  ...scanActions,
  ...chatActions,
  ...webActions,
  ...sharedPageActions,
  ...networkActions,
  ...payActions,
  ...complainActions,
  /**
   * Registers a new WeChat account with the number of the user: lanshan-studio/wecqupt #776 and #942,
   * thx/iconfont-plus #2585.
   */
  'change-account': ({ users }, user) => identifiersOf(users.changeAccount(user)),
};

export const phoneActionNames = Object.keys(actions);

/** `POST /_phone/users`: creates a WeChat user. */
export function createUser({ users }: World, input: unknown): object {
  const body = isRecord(input) ? input : {};
  const follows = readFlag(body, 'follows', false);
  const user = users.create({
    phone: body.phone === null ? null : readOptionalText(body, 'phone'),
    countryCode: body.countryCode === '' ? '' : readOptionalText(body, 'countryCode', /^\+?[1-9]\d{0,3}$/),
    fullPhone: readOptionalText(body, 'fullPhone'),
    nickname: readOptionalText(body, 'nickname'),
    avatarUrl: readOptionalText(body, 'avatarUrl'),
    // Followed before the deployment, so no push reports the follow.
    follow: follows ? { since: realSeconds() } : null,
    tagIds: readTagIds(body),
    clientPlatformType: readInteger(body, 'clientPlatformType', 1),
  });
  return identifiersOf(user);
}

function identifiersOf({ id, openIds, unionId }: WechatUser): object {
  return { id, openIds, unionId };
}

function readTagIds({ tagIds = [] }: Record<string, unknown>): number[] {
  if (Array.isArray(tagIds) && tagIds.every((tag) => Number.isSafeInteger(tag))) return tagIds;
  throw controlParamError('tagIds must be a list of integers');
}

/** `GET /_phone/users/{id}`: the user, both chats and the received messages. */
export function describeUser({ users }: World, userId: string): object {
  const { id, openIds, unionId, follow, chat, serviceChat, received } = users.get(userId);
  return { id, openIds, unionId, follows: follow !== null, chat, serviceChat, received };
}

/** `POST /_phone/users/{id}/{action}`: performs an action of the user's phone. */
export async function performPhoneAction(
  world: World,
  { id, action, body }: { id: string; action: string; body: unknown },
) {
  const act = Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (!act)
    throw new ControlError(404, 'ACTION_UNKNOWN', `a phone cannot ${action}; it can: ${phoneActionNames.join(', ')}`);
  return act(world, world.users.get(id), isRecord(body) ? body : {});
}
