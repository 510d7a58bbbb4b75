import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { LambdaFunctionURLEvent } from 'aws-lambda';
import { expect, vi } from 'vitest';
import { invoke, serveFunctionUrl, type Handler } from './function-url.ts';
import { createWorld, ids } from './world.ts';

type Name = 'official-events' | 'pay-notify';

/**
 * A world whose WeChat reaches one of our webhooks at a real address; what the webhook logs is kept. `settings` come on
 * top of those that it needs anyway, and each world has its own copy of the function, which reads them once.
 */
export async function createWebhookWorld(name: Name, settings: Record<string, string> = {}) {
  let handler: Handler | undefined;
  const address = await serveFunctionUrl(() => handler!);
  const world = await createWorld({ callbackUrl: address.url });
  world.pay.notifyUrl = address.url;
  Object.assign(process.env, {
    TABLE_NAME: world.table.name,
    OFFICIAL_APP_ID: ids.official.appId,
    OFFICIAL_TOKEN: ids.official.token,
    OFFICIAL_MODE: 'plain',
    SITE_NAME: '示例站',
    PAY_API_V3_KEY: ids.pay.apiV3Key,
    PAY_PUBLIC_KEY_ID: ids.pay.platformKeyId,
    PAY_PUBLIC_KEY: ids.platformPublicKey,
    ...settings,
  });
  vi.resetModules();
  const module =
    name === 'pay-notify'
      ? await import('../../functions/pay-notify.ts')
      : await import('../../functions/official-events.ts');
  const loaded = (handler = module.handler as unknown as Handler);

  /** Everything in the table, to see that a refused request left no trace. */
  async function everything(): Promise<unknown[]> {
    const { Items = [] } = await world.table.client.send(new ScanCommand({ TableName: world.table.name }));
    return Items.toSorted((a, b) => String(a['pk']).localeCompare(String(b['pk'])));
  }

  return {
    ...world,
    address,
    handler: loaded,
    everything,
    output: recordConsole(world.lines),
    send: (event: LambdaFunctionURLEvent) => invoke(loaded, event),
    /** The event is answered 4xx, and the table is as before. */
    async expectRefused(event: LambdaFunctionURLEvent) {
      const before = await everything();
      const answer = await invoke(loaded, event);
      expect(answer.statusCode).toBeGreaterThanOrEqual(400);
      expect(answer.statusCode).toBeLessThan(500);
      expect(await everything()).toEqual(before);
      return answer;
    },
    close: () => Promise.all([world.simulator.close(), address.close()]),
  };
}

/** What the function logs is looked through at the end, like what the flows log. */
function recordConsole(output: string[]): string[] {
  for (const level of ['info', 'warn', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation((line) => void output.push(String(line)));
  }
  return output;
}
