// Implements calls of `wx`. `wx.request` and `wx.uploadFile` have callbacks. Any HTTP status is a success, and headers keep their case.
// `wx.request` parses JSON; `wx.uploadFile` returns the text, and no headers.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as send, type ClientRequest, type IncomingMessage } from 'node:http';
import { basename } from 'node:path';
import { text } from 'node:stream/consumers';
import { filePart, multipart } from './pictures.ts';

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

type WxUpload = Omit<WxRequest, 'method' | 'data'> & { filePath: string; name: string };

interface WxAnswer {
  statusCode: number;
  header?: Record<string, string>;
  data: unknown;
  errMsg: string;
}

const DEFAULT_TIMEOUT_MS = 60_000;

export const wx = {
  request({ url, method = 'GET', header = {}, data, timeout = DEFAULT_TIMEOUT_MS, ...callbacks }: WxRequest) {
    const signal = AbortSignal.timeout(timeout);
    const outgoing = send(url, { method, headers: { 'content-type': 'application/json', ...header }, signal });
    outgoing.end(typeof data === 'object' ? JSON.stringify(data) : data);
    void settle(outgoing, { api: 'request', signal, read: answerOf }, callbacks);
    return { abort: () => outgoing.destroy(new Error('abort')) };
  },
  uploadFile({ url, filePath, name, header = {}, timeout = DEFAULT_TIMEOUT_MS, ...callbacks }: WxUpload) {
    const signal = AbortSignal.timeout(timeout);
    const { contentType, bytes } = multipart(filePart(readFileSync(filePath), { name, filename: basename(filePath) }));
    const outgoing = send(url, { method: 'POST', headers: { ...header, 'content-type': contentType }, signal });
    outgoing.end(bytes);
    const read = async (response: IncomingMessage) => ({
      statusCode: response.statusCode!,
      data: await text(response),
      errMsg: 'uploadFile:ok',
    });
    void settle(outgoing, { api: 'uploadFile', signal, read }, callbacks);
  },
};

/** Performs an action of the user on the phone of the simulator. @throws Error with the text of a failure */
type Act = (action: string, body?: object) => Promise<{ code: string }>;

interface VirtualRequest {
  success(answer: object): void;
  fail(failure: { errMsg: string; errCode: number }): void;
}

/** Returns the `wx` of a user: login, storage and both payments, in which the user pays at once. */
export function wxOnPhone(act: Act) {
  const storage = new Map<string, unknown>();
  return {
    ...wx,
    login: () => act('login-code'),
    getStorageSync: (name: string) => storage.get(name) ?? '',
    setStorageSync: (name: string, value: unknown) => void storage.set(name, value),
    requestPayment: async (payment: { package: string }) => void (await act('pay', { prepayId: payment.package })),
    // This call of wx returns no promise.
    requestVirtualPayment({ success, fail, ...virtual }: VirtualRequest) {
      void act('pay', { virtual }).then(success, (error: Error) => fail(virtualFailure(error)));
    },
  };
}

function virtualFailure({ message }: Error) {
  const [, errCode] = /"errCode":(-\d+)/.exec(message) ?? [];
  return { errMsg: `requestVirtualPayment:fail ${message}`, errCode: Number(errCode) };
}

type Callbacks = Pick<WxRequest, 'success' | 'fail' | 'complete'>;

interface Sent {
  api: 'request' | 'uploadFile';
  signal: AbortSignal;
  read(response: IncomingMessage): Promise<WxAnswer>;
}

async function settle(outgoing: ClientRequest, { api, signal, read }: Sent, { success, fail, complete }: Callbacks) {
  try {
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    const answer = await read(response);
    success?.(answer);
    complete?.(answer);
  } catch (error) {
    const failure = { errMsg: `${api}:fail ${signal.aborted ? 'timeout' : String(error)}` };
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
