import { randomBytes } from 'node:crypto';
import { log, type Log } from './log.ts';

/** The outside world, as plain functions: flows take the part that they use, tests hand in their own. */
export interface Runtime {
  /** Epoch milliseconds. */
  now(): number;
  sleep(ms: number): Promise<void>;
  randomBytes(size: number): Buffer;
  send: Send;
  log: Log;
}

export interface OutboundRequest {
  method: 'GET' | 'POST';
  url: URL;
  headers?: Record<string, string>;
  body?: string;
  timeoutMs: number;
}

/** Header names are lower case; `body` holds the bytes as received. */
export interface OutboundResponse {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** One HTTP request, no retry, no redirect. @throws WECHAT_TIMEOUT, WECHAT_UNAVAILABLE */
export type Send = (request: OutboundRequest) => Promise<OutboundResponse>;

/** An answer whose `body` is read as it comes, to its end or not; whoever leaves it early ends the connection. */
export interface Download extends Omit<OutboundResponse, 'body'> {
  body: AsyncIterable<Buffer>;
}

/**
 * One HTTP request for something large, no retry, no redirect. It may take as long as it likes, unless nothing comes
 * for `idleMs`. @throws WECHAT_TIMEOUT, WECHAT_UNAVAILABLE, also while the body is read
 */
export type StartDownload = (request: Omit<OutboundRequest, 'timeoutMs'> & { idleMs: number }) => Promise<Download>;

/** The real clock, randomness and log; `send` is built apart, by functions that call out. */
export const runtime: Omit<Runtime, 'send'> = {
  now: Date.now,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  randomBytes,
  log,
};
