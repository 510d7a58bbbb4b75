import { randomBytes } from 'node:crypto';
import { log, type Log } from './log.ts';
import { createSend, type Send } from './outbound.ts';

/**
 * Access to the outside world as plain functions. A flow requires only the functions that it uses; tests replace the
 * clock and the random source.
 */
export interface Runtime {
  /** Epoch milliseconds. */
  now(): number;
  sleep(ms: number): Promise<void>;
  randomBytes(size: number): Buffer;
  send: Send;
  log: Log;
}

/** The real clock, randomness, log and outbound HTTP. */
export const runtime: Runtime = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  randomBytes,
  send: createSend({ now: Date.now }),
  log,
};
