import type { Runtime } from '../../lib/core/runtime.ts';

/**
 * Replaces the clock and the sleep of a flow, so that a wait takes no real time.
 * @returns the flow's dependencies, and the number of requests that sleep now, the highest such number, and the total
 */
export function countingSleeps<Deps extends Pick<Runtime, 'now' | 'sleep'>>(deps: Deps) {
  let nowMs = deps.now();
  const held = { now: 0, most: 0, ms: 0 };
  const sleep = async (ms: number) => {
    held.now += 1;
    held.most = Math.max(held.most, held.now);
    held.ms += ms;
    await new Promise(setImmediate);
    nowMs += ms;
    held.now -= 1;
  };
  return { deps: { ...deps, sleep, now: () => nowMs }, held };
}
