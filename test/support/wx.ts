// Implements `wx.request` with callbacks. Any HTTP status is a success, JSON is parsed, headers keep their case.
import { once } from 'node:events';
import { request as send, type ClientRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

interface WxRequest {
  url: string;
  method?: string;
  header?: Record<string, string>;
  data?: object | string;
  timeout?: number;
  success?(answer: WxAnswer): void;
  fail?(failure: { errMsg: string }): void;
  complete?(result: object): void;
}

interface WxAnswer {
  statusCode: number;
  header: Record<string, string>;
  data: unknown;
  errMsg: string;
}

const DEFAULT_TIMEOUT_MS = 60_000;

export const wx = {
  request({ url, method = 'GET', header = {}, data, timeout = DEFAULT_TIMEOUT_MS, ...callbacks }: WxRequest) {
    const signal = AbortSignal.timeout(timeout);
    const outgoing = send(url, { method, headers: { 'content-type': 'application/json', ...header }, signal });
    outgoing.end(typeof data === 'object' ? JSON.stringify(data) : data);
    void settle(outgoing, signal, callbacks);
    return { abort: () => outgoing.destroy(new Error('abort')) };
  },
};

type Callbacks = Pick<WxRequest, 'success' | 'fail' | 'complete'>;

async function settle(outgoing: ClientRequest, signal: AbortSignal, { success, fail, complete }: Callbacks) {
  try {
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    const answer = await answerOf(response);
    success?.(answer);
    complete?.(answer);
  } catch (error) {
    const failure = { errMsg: `request:fail ${signal.aborted ? 'timeout' : String(error)}` };
    fail?.(failure);
    complete?.(failure);
  }
}

async function answerOf(response: IncomingMessage): Promise<WxAnswer> {
  const header: Record<string, string> = {};
  for (let index = 0; index < response.rawHeaders.length; index += 2) {
    header[response.rawHeaders[index]!] = response.rawHeaders[index + 1]!;
  }
  return { statusCode: response.statusCode!, header, data: parse(await text(response)), errMsg: 'request:ok' };
}

/** Parses JSON; other content stays text. */
function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
