// Calls the HTTP API and the simulator of the running local stack.
import { inject } from 'vitest';
import { answerCheckOf, type AnswerCheck } from './documented.ts';

interface ApiOptions {
  body?: object;
  /** The body as text, for a body that is not JSON. */
  text?: string;
  token?: string;
  headers?: Record<string, string>;
  /** The base URL of a stack other than the shared one. */
  baseUrl?: string;
}

// The shape of a response depends on the route. Each test asserts the fields that it needs.
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

/** Sends one request to the HTTP API. @throws when the response differs from the OpenAPI document */
export async function api(method: string, path: string, options: ApiOptions = {}) {
  const { body, text, token, headers, baseUrl = inject('stack').http } = options;
  const response = await fetch(baseUrl + path, {
    method,
    redirect: 'manual',
    headers: {
      'content-type': 'application/json',
      ...(token && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(method !== 'GET' && { body: text ?? JSON.stringify(body ?? {}) }),
  });
  const answer = await response.text();
  const check = await checkOf(baseUrl);
  check({ method, path }, { status: response.status, headers: response.headers, text: answer });
  return {
    status: response.status,
    headers: response.headers,
    body: (answer && isJson(response) ? JSON.parse(answer) : answer || undefined) as Json,
  };
}

const checks = new Map<string, Promise<AnswerCheck>>();

function checkOf(baseUrl: string): Promise<AnswerCheck> {
  const check = checks.get(baseUrl) ?? answerCheckOf(baseUrl);
  checks.set(baseUrl, check);
  return check;
}

function isJson({ headers }: Response): boolean {
  return headers.get('content-type')?.startsWith('application/json') ?? false;
}

interface Person {
  id: string;
  openIds: { miniapp: string; official: string };
  unionId: string;
}

/** The phone of the simulator, its faults and its clock. */
export const phone = {
  newPerson: (about: object = {}): Promise<Person> => simulator('POST', '/_phone/users', about),
  loginCode: async ({ id }: Person): Promise<string> =>
    (await simulator('POST', `/_phone/users/${id}/login-code`)).code,
  /** Returns the user with both chats. */
  show: ({ id }: Person): Promise<Json> => simulator('GET', `/_phone/users/${id}`),
  act: ({ id }: Person, action: string, body: object = {}): Promise<Json> =>
    simulator('POST', `/_phone/users/${id}/${action}`, body),
  fault: (target: string, action: string, plan: { times?: number; errcode?: number } = {}): Promise<void> =>
    simulator('POST', '/_faults', { target, action, times: 1, ...plan }),
  endFaults: (): Promise<void> => simulator('DELETE', '/_faults'),
  /** Returns how far the clock of the simulator is ahead of real time (ms). */
  clockOffsetMs: async (): Promise<number> => (await simulator('GET', '/_clock')).offsetMs,
  advanceClock: (advanceMs: number): Promise<void> => simulator('POST', '/_clock', { advanceMs }),
};

/** The merchant platform, which shows orders with their money, and where a merchant makes refunds by hand. */
export const merchant = {
  orders: (): Promise<{ outTradeNo: string; frozenFen: number; settledFen: number }[]> =>
    simulator('GET', '/_merchant/orders'),
  refund: (outTradeNo: string, amountFen: number): Promise<Json> =>
    simulator('POST', '/_merchant/refunds', { outTradeNo, amountFen }),
};

/** Calls an operator function, as `npm run op` does. */
export async function operator(name: string, input: object): Promise<Json> {
  const functionName = `wechat-lambda-dev-${name}`;
  const response = await fetch(`${inject('stack').lambda}/2015-03-31/functions/${functionName}/invocations`, {
    method: 'POST',
    body: JSON.stringify(input),
  });
  return response.json();
}

/** Returns every call that the simulator received and every push that it sent. */
export function simulatorLog(): Promise<{ kind: string; path: string; query: Record<string, string> }[]> {
  return simulator('GET', '/_log');
}

async function simulator(method: string, path: string, body?: object): Promise<Json> {
  const response = await fetch(inject('stack').simulator + path, {
    method,
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
