// The customer-service chat of the mini-program: pushes of the simulator, stored messages, and the function that replies.
import { vi } from 'vitest';
import { eventsOf } from '../../lib/events/from-record.ts';
import type { DomainEvent } from '../../lib/events/schemas.ts';
import type { MiniappReplies } from '../../lib/mini-program/reply-to.ts';
import type { Mode } from './official-world.ts';
import { recordOf } from './stream-records.ts';
import { createWebhookWorld } from './webhooks.ts';
import { ids, type ChatPush, type Person } from './world.ts';

export const SEND = '/cgi-bin/message/custom/send';

export type ServiceWorld = Awaited<ReturnType<typeof createServiceWorld>>;

interface ServiceOptions {
  mode?: Mode;
  format?: 'json' | 'xml';
  /** Replaces replies.ts. */
  replies?: MiniappReplies;
}

/** Creates a world whose simulator pushes the messages of the mini-program to the production functions. */
export async function createServiceWorld({ mode = 'secure', format = 'json', replies }: ServiceOptions = {}) {
  if (replies) vi.doMock('../../lib/mini-program/replies.ts', () => ({ replies: () => replies }));
  const world = await createWebhookWorld('miniapp-events', { MINIAPP_MODE: mode });
  const { handler: replyTo } = await import('../../functions/miniapp-reply.ts');
  vi.doUnmock('../../lib/mini-program/replies.ts');
  const { token, aesKey } = ids.miniapp;
  const console = { mode, format, token, aesKey, callbackUrl: world.address.url };
  await fetch(`${world.simulator.url}/_miniapp`, { method: 'POST', body: JSON.stringify(console) });

  const act = async (person: Person, action: string, body: object = {}) =>
    ((await world.phone.act(person, action, { app: 'miniapp', ...body })) as { push: ChatPush }).push;
  /** Returns the events of the stored messages of a user. */
  const eventsOfUser = async ({ openIds }: Person): Promise<DomainEvent[]> => {
    const items = (await world.everything()) as { pk: string; sk: string; openId?: string }[];
    const own = items.filter(({ sk, openId }) => sk === 'MESSAGE' && openId === openIds.miniapp);
    return own.flatMap(({ pk, sk, ...item }) => eventsOf(recordOf({ pk, sk }, undefined, item)));
  };
  const deliver = ({ name, ...detail }: Pick<DomainEvent, 'name'>) =>
    replyTo({ 'detail-type': name, id: 'delivery', detail } as Parameters<typeof replyTo>[0]);
  return {
    ...world,
    act,
    write: (person: Person, text: string) => act(person, 'message', { text }),
    eventsOfUser,
    deliver,
    /** Delivers the events of a user that request a reply, one delivery each. */
    deliverReplies: async (person: Person) => {
      const events = await eventsOfUser(person);
      for (const event of events) if (event.name === 'mini-program.reply-due') await deliver(event);
    },
    /** Returns the messages that the user received in the chat. */
    received: async ({ id }: Person) => {
      const user = await (await fetch(`${world.simulator.url}/_phone/users/${id}`)).json();
      return (user as { serviceChat: { from: string; type: string; content?: string }[] }).serviceChat.filter(
        ({ from }) => from === 'account',
      );
    },
    /** Returns the fields of the log lines with this event. */
    logged: (event: string) =>
      world.output.map((line) => JSON.parse(line) as { evt: string }).filter(({ evt }) => evt === event),
    advance: async (advanceMs: number) => {
      await fetch(`${world.simulator.url}/_clock`, { method: 'POST', body: JSON.stringify({ advanceMs }) });
    },
  };
}
