import { settings } from '../core/config.ts';
import { runtime, type Runtime } from '../core/runtime.ts';
import { openBus } from '../events/bus.ts';
import type { PublishDeps } from '../events/publish.ts';

/**
 * Loads the dependencies of the function that publishes table changes.
 * @throws NOT_CONFIGURED
 */
export async function loadEventBus(outside: Runtime = runtime): Promise<PublishDeps> {
  return { log: outside.log, put: openBus(settings('EVENT_BUS_NAME').EVENT_BUS_NAME) };
}
