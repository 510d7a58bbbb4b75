// Users who log in, confirm and revoke in the chat of the official account, with real pushes.
import { afterEach, expect, vi } from 'vitest';
import { getMe } from '../../lib/identity/get-me.ts';
import { register } from '../../lib/identity/register.ts';
import type { PollAnswer } from '../../lib/scan-login/poll.ts';
import { createModeWorld, type Mode } from './official-world.ts';
import type { ChatPush, Person } from './world.ts';

export type ChatWorld = Awaited<ReturnType<typeof createChatWorld>>;

export const GONE = { code: 'TICKET_EXPIRED' };

export async function createChatWorld(mode: Mode, settings: Record<string, string> = {}) {
  const world = await createModeWorld(mode, settings);
  return {
    ...world,
    /** Sends a text. */
    type: (person: Person, text: string) => world.act(person, 'message', { text }),
    /** Taps the link of a choice about a login. */
    tap: (person: Person, choice: string, { ticket }: { ticket: string }) =>
      world.phone.tap(person, `login-${choice}_${ticket}`),
    /** Creates a user with an account, who follows the official account. */
    registered: async (): Promise<Person> => {
      const person = await world.phone.newPerson();
      const { qr } = await world.logIn(person);
      const answer = await world.poll(qr);
      if (answer.status !== 'unregistered') throw new Error(answer.status);
      await register(world.sessions, answer.registrationToken);
      return person;
    },
    expectEnded: (token: string) =>
      expect(getMe(world.sessions, token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' }),
  };
}

/** Registers the hook that restores the clock, and returns a function that moves the clock of functions and phones. */
export function useClock(): (ms: number) => void {
  afterEach(() => void vi.useRealTimers());
  return (ms) => void vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });
}

export function textOf({ reply }: ChatPush): string {
  return reply?.content ?? '';
}

export function tokenOf(answer: PollAnswer): string {
  if (answer.status !== 'registered') throw new Error(answer.status);
  return answer.token;
}

/** Expects that a message reached `replies.ts`. */
export function expectOrdinary(push: ChatPush): void {
  expect(textOf(push)).toMatch(/已收到您的留言|请打开「示例站」/);
}
