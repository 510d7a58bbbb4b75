// Consumers of events throw when a setting is missing, so that Lambda retries the event.
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

/** Invokes a consumer with the documented example of an event. */
const consume = async (name: string, type: string): Promise<unknown> => {
  const { handler } = (await import(`../../functions/${name}.ts`)) as { handler: (event: unknown) => Promise<unknown> };
  const page = readFileSync('lib/events/README.md', 'utf8');
  const example = new RegExp(`^## ${type}.*?\`\`\`json\n(.+?)\`\`\``, 'ms').exec(page)?.[1] ?? '';
  return handler({ 'detail-type': type, detail: JSON.parse(example) as unknown });
};

beforeEach(() => {
  vi.resetModules();
  for (const name of ['TABLE_NAME', 'MINIAPP_APP_ID', 'ORDER_SHIPPING']) vi.stubEnv(name, '');
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
});
afterEach(() => vi.unstubAllEnvs());

describe('without settings', () => {
  it.each([
    ['wallet-credit', 'order.paid'],
    ['miniapp-reply', 'mini-program.reply-due'],
  ])('%s fails and names TABLE_NAME', async (name, type) => {
    await expect(consume(name, type)).rejects.toThrow('TABLE_NAME is not set');
  });

  it('shipment-start does nothing without a mini-program', async () => {
    await expect(consume('shipment-start', 'order.paid')).resolves.toBeUndefined();
  });

  it('shipment-start fails and names ORDER_SHIPPING when its value is invalid', async () => {
    vi.stubEnv('ORDER_SHIPPING', 'yes');
    await expect(consume('shipment-start', 'order.paid')).rejects.toThrow('ORDER_SHIPPING must be auto, on or off');
  });
});
