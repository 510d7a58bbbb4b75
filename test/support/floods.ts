// Parts of simulated floods.
import type { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { setImmediate } from 'node:timers/promises';
import { AppError } from '../../lib/core/errors.ts';
import type { LimitAddress } from '../../lib/rate-limit/rate-limit.ts';
import type { Table } from '../../lib/store/table.ts';

export const DAY_MS = 86_400_000;

/** Adds to the sums of rate limits in memory. All other commands reach the engine. */
export function keepRatesInMemory({ client }: Table) {
  const sums = new Map<string, number>();
  const send = client.send.bind(client) as (command: object) => Promise<unknown>;
  const sendOrAdd = async (command: object) => {
    const { Key, ExpressionAttributeValues: values } = (command as UpdateCommand).input;
    const pk = String(Key?.['pk'] ?? '');
    if (!pk.startsWith('RATE#')) return send(command);
    const sum = (sums.get(pk) ?? 0) + Number(values?.[':count']);
    sums.set(pk, sum);
    return { Attributes: { count: sum } };
  };
  Object.assign(client, { send: sendOrAdd });
}

/** Several instances of one function, which take turns. `restart` replaces all of them. */
export async function fleetOf<Deps>(load: () => Promise<Deps>, size = 5) {
  const start = () => Promise.all(Array.from({ length: size }, load));
  let instances = await start();
  let turn = 0;
  return {
    next: () => instances[(turn += 1) % instances.length]!,
    restart: async () => void (instances = await start()),
  };
}

/** Sends requests of one address until one is rejected. @returns the number of requests that ran */
export async function sendUntilRejected(limitOf: () => LimitAddress, address: string, work: () => Promise<unknown>) {
  // Lets the simulator, which is in this process, keep its connections.
  await setImmediate();
  for (let ran = 0; ran < 20_000; ran += 1) {
    let isRun = false;
    await limitOf()(address, () => ((isRun = true), work())).catch(ignoreAppError);
    if (!isRun) return ran;
  }
  throw new Error(`${address} was never rejected`);
}

export function ignoreAppError(error: unknown): void {
  if (!(error instanceof AppError)) throw error;
}

export const accepted = () => Promise.resolve();
export const declined = () => Promise.reject(new AppError('WECHAT_CODE_INVALID', 'no'));
export const unavailable = () => Promise.reject(new AppError('WECHAT_UNAVAILABLE', 'no'));
export const ipv4 = (count: number) => Array.from({ length: count }, (_, n) => `198.51.${100 + (n >> 8)}.${n & 255}`);

/**
 * Floods a function for a simulated day, with instances that restart every six hours.
 * @returns the number of requests that ran
 */
export async function floodForADay<Deps extends { limit: LimitAddress }>(
  load: () => Promise<Deps>,
  clock: { nowMs: number },
  { addresses, work, stepMs }: { addresses: string[]; work: () => Promise<unknown>; stepMs: number },
) {
  const fleet = await fleetOf(load);
  let ran = 0;
  for (let at = 0; at < DAY_MS; at += stepMs) {
    if (at % (DAY_MS / 4) === 0) await fleet.restart();
    if (at > 0) clock.nowMs += stepMs;
    for (const address of addresses) ran += await sendUntilRejected(() => fleet.next().limit, address, work);
  }
  return { ran, fleet };
}
