import { readOptionalText } from '../control-body.ts';
import { ControlError } from '../control-error.ts';
import { isRecord } from '../http.ts';
import type { World } from '../world.ts';
import type { Actions } from './action.ts';
import { chatActions } from './chat.ts';
import { miniProgramActions } from './mini-program.ts';
import { payActions } from './pay.ts';
import { scanActions } from './scan.ts';
import { webActions } from './web.ts';

const actions: Actions = { ...miniProgramActions, ...scanActions, ...chatActions, ...webActions, ...payActions };

export const phoneActions = Object.keys(actions);

/** `POST /_phone/users`: somebody new buys a phone. */
export function createPerson({ people }: World, input: unknown): object {
  const body = isRecord(input) ? input : {};
  const { id, openIds, unionId } = people.create({
    phone: body.phone === null ? null : readOptionalText(body, 'phone'),
    countryCode: readOptionalText(body, 'countryCode', /^[1-9]\d{0,3}$/),
    nickname: readOptionalText(body, 'nickname'),
    avatarUrl: readOptionalText(body, 'avatarUrl'),
  });
  return { id, openIds, unionId };
}

/** `GET /_phone/users/{id}`: the person, and what the phone shows. */
export function showPerson({ people }: World, personId: string): object {
  const { id, openIds, unionId, follow, chat, received } = people.get(personId);
  return { id, openIds, unionId, follows: follow !== null, chat, received };
}

/** `POST /_phone/users/{id}/{action}`: what a person does with the phone. */
export async function usePhone(world: World, { id, action, body }: { id: string; action: string; body: unknown }) {
  const act = Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (!act)
    throw new ControlError(404, 'ACTION_UNKNOWN', `a phone cannot ${action}; it can: ${phoneActions.join(', ')}`);
  return act(world, world.people.get(id), isRecord(body) ? body : {});
}
