// Pushes about the data of users, sent to the production functions, and the delivery of their events to the consumer.
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { randomUUID } from 'node:crypto';
import type { EventBridgeEvent, LambdaFunctionURLEvent } from 'aws-lambda';
import { vi } from 'vitest';
import { eventsOf } from '../../lib/events/from-record.ts';
import { SOURCE, type DomainEvent } from '../../lib/events/schemas.ts';
import type { Key } from '../../lib/store/keys.ts';
import type { Revocation } from '../../lib/store/revocations.ts';
import { invoke, type Handler } from './function-url.ts';
import { functionUrlEvent, pushRequest, pushText } from './miniapp-push.ts';
import { recordOf } from './stream-records.ts';
import { ids, type World } from './world.ts';

export type App = 'miniapp' | 'official';
/** Elements of a push besides the head. `OpenID` is the owner of the data. */
export type UserDataFields = {
  Event: string;
  OpenID: string;
  AppID?: string;
  RevokeInfo?: string;
  CreateTime?: number;
};

/** The sender of pushes about the data of users. */
const PLATFORM = 'o_platform';

/** Loads the production functions, with `settings` besides those of the world. Each call loads new copies. */
export async function loadPushFunctions(world: World, settings: Record<string, string> = {}) {
  Object.assign(process.env, world.settings, settings);
  vi.resetModules();
  const handlers = {
    miniapp: (await import('../../functions/miniapp-events.ts')).handler as unknown as Handler,
    official: (await import('../../functions/official-events.ts')).handler as unknown as Handler,
  };
  const consumer = (await import('../../functions/revocation-apply.ts')).handler;
  const stored = async () => {
    const { Items = [] } = await world.table.client.send(new ScanCommand({ TableName: world.table.name }));
    return Items.filter(({ sk }) => sk === 'REVOCATION') as (Revocation & Key)[];
  };
  const send = (app: App, fields: UserDataFields) => invoke(handlers[app], pushOf(app, fields));
  /** Sends the event of a stored push to the consumer. */
  const deliver = async (revocation: Revocation & Key) => {
    const { pk, sk, ...item } = revocation;
    for (const event of eventsOf(recordOf({ pk, sk }, undefined, item))) await consumer(onBus(event));
  };
  return {
    stored,
    deliver,
    send,
    consume: (event: DomainEvent) => consumer(onBus(event)),
    /** Sends a push, and then the events of all pushes about this user to the consumer. */
    push: async (app: App, fields: UserDataFields) => {
      const answer = await send(app, fields);
      for (const one of await stored()) if (one.openId === fields.OpenID) await deliver(one);
      return answer;
    },
  };
}

/** Returns a push of the mini-program in JSON, or of the official account in XML, in the mode of the settings. */
function pushOf(app: App, fields: UserDataFields): LambdaFunctionURLEvent {
  const { appId, token, aesKey } = ids[app];
  const text = pushText(app === 'miniapp' ? 'json' : 'xml', { FromUserName: PLATFORM, MsgType: 'event', ...fields });
  const mode = process.env[`${app === 'miniapp' ? 'MINIAPP' : 'OFFICIAL'}_MODE`] === 'plain' ? 'plain' : 'secure';
  return functionUrlEvent(pushRequest(text, { mode, app: appId, key: aesKey, signedWith: token }));
}

function onBus({ name, ...detail }: DomainEvent): EventBridgeEvent<string, unknown> {
  const bus = { source: SOURCE, 'detail-type': name, detail, id: randomUUID() };
  return bus as EventBridgeEvent<string, unknown>;
}
