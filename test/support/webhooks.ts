import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { LambdaFunctionURLEvent } from 'aws-lambda';
import { expect, vi } from 'vitest';
import { recordConsole } from './console.ts';
import { invoke, serveFunctionUrl, type Handler } from './function-url.ts';
import { createWorld } from './world.ts';

type Name = 'miniapp-events' | 'official-events' | 'pay-notify' | 'pay-notify-v2';
/** The prefix of the stored platform keys, which a rejected request may refresh. */
const PLATFORM_KEYS = 'PAYKEYS#';

interface StoredNotice {
  id: string;
  eventType: string;
  reason: string;
  content: string;
  expiresAt: number;
}

/**
 * Creates a world in which the simulator calls one webhook over HTTP, and records the log of the webhook. Each world loads
 * its own copy of the function, because a function reads its settings once. `settings` are added to the required settings.
 */
export async function createWebhookWorld(name: Name, settings: Record<string, string> = {}) {
  const handlers: Partial<Record<Name, Handler>> = {};
  const serve = (served: Name) => serveFunctionUrl(() => handlers[served]!);
  const [address, v3, v2] = await Promise.all([serve(name), serve('pay-notify'), serve('pay-notify-v2')]);
  const notifyUrls = {
    v3: name === 'pay-notify' ? address.url : v3.url,
    v2: name === 'pay-notify-v2' ? address.url : v2.url,
  };
  const world = await createWorld({ callbackUrl: address.url, notifyUrls });
  Object.assign(process.env, world.settings, settings);
  vi.resetModules();
  const modules = {
    'miniapp-events': await import('../../functions/miniapp-events.ts'),
    'official-events': await import('../../functions/official-events.ts'),
    'pay-notify': await import('../../functions/pay-notify.ts'),
    'pay-notify-v2': await import('../../functions/pay-notify-v2.ts'),
  };
  for (const [served, { handler }] of Object.entries(modules)) handlers[served as Name] = handler as unknown as Handler;
  const loaded = handlers[name]!;

  /** Returns the items of the table except the platform keys, to check that a rejected request writes nothing. */
  async function everything(): Promise<unknown[]> {
    const { Items = [] } = await world.table.client.send(new ScanCommand({ TableName: world.table.name }));
    const items = Items.filter(({ pk }) => !String(pk).startsWith(PLATFORM_KEYS));
    return items.toSorted((a, b) => String(a['pk']).localeCompare(String(b['pk'])));
  }

  return {
    ...world,
    address,
    v2,
    handler: loaded,
    everything,
    // The world checks the lines for leaks when it closes.
    output: recordConsole(world.lines),
    send: (event: LambdaFunctionURLEvent) => invoke(loaded, event),
    /** Expects a status of 4xx and an unchanged table. */
    async expectRefused(event: LambdaFunctionURLEvent) {
      const before = await everything();
      const answer = await invoke(loaded, event);
      expect(answer.statusCode).toBeGreaterThanOrEqual(400);
      expect(answer.statusCode).toBeLessThan(500);
      expect(await everything()).toEqual(before);
      return answer;
    },
    /** Expects a status of 5xx, one count of the metric, and an unchanged table. */
    async expectUnreadable(event: LambdaFunctionURLEvent) {
      const before = await everything();
      const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
      const answer = await invoke(loaded, event);
      const counts = stdout.mock.calls.filter(([line]) => String(line).includes('"UnreadableNotifications":1'));
      stdout.mockRestore();
      expect(answer.statusCode).toBeGreaterThanOrEqual(500);
      expect(counts).toHaveLength(1);
      expect(await everything()).toEqual(before);
      return answer;
    },
    /** Returns the stored notifications that no flow handles. */
    notices: async () =>
      (await everything()).filter((item) => (item as { sk: string }).sk === 'NOTICE') as StoredNotice[],
    close: () => Promise.all([world.simulator.close(), ...[address, v3, v2].map((served) => served.close())]),
  };
}
