// The set-up of the simulator's tests: a simulator, WeChat users, and receivers of pushes and notifications.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, beforeEach, onTestFinished } from 'vitest';
import { startSimulator } from '../../../infra/simulator/simulator.ts';
import type { Simulator, SimulatorSettings } from '../../../infra/simulator/simulator.ts';
import { settings } from './settings.ts';
import { call, newUser, phoneAction } from './support.ts';
import type { User } from './support.ts';

/** Changes to `settings`, merged into each part. */
export interface SettingsChange {
  miniapp?: Partial<SimulatorSettings['miniapp']>;
  official?: Partial<SimulatorSettings['official']>;
  pay?: Partial<SimulatorSettings['pay']>;
  /** undefined for a mini-program without virtual payment. */
  virtual?: SimulatorSettings['virtual'] | undefined;
  page?: SimulatorSettings['page'];
}

/** `test`: one set-up for each test. `file`: one for all tests of the file. */
type Scope = 'test' | 'file';

export interface TestSimulator extends Omit<Simulator, 'close'> {
  readonly scope: Scope;
}

const setUp = { test: beforeEach, file: beforeAll };

/**
 * Starts a simulator before each test, or once for the file, and closes it afterwards.
 * @returns the running simulator; the object stays the same for the whole file
 */
export function useSimulator(change: SettingsChange | (() => SettingsChange) = {}, scope: Scope = 'test') {
  let running: Simulator | undefined;
  setUp[scope](async () => {
    running = await start(typeof change === 'function' ? change() : change);
    return () => running?.close();
  });
  const current = (): Simulator => {
    if (!running) throw new Error('The simulator is not started: use it inside a test or a hook.');
    return running;
  };
  const simulator: TestSimulator = {
    scope,
    get url() {
      return current().url;
    },
    now: () => current().now(),
    advanceClock: (advanceMs) => current().advanceClock(advanceMs),
    setOfficialCallbackUrl: (url) => current().setOfficialCallbackUrl(url),
    setMiniappCallbackUrl: (url) => current().setMiniappCallbackUrl(url),
  };
  return simulator;
}

/** Starts a further simulator inside a test; it is closed when the test ends. */
export async function startFurtherSimulator(change: SettingsChange = {}): Promise<Simulator> {
  const simulator = await start(change);
  onTestFinished(() => simulator.close());
  return simulator;
}

/** Creates a WeChat user in the scope of the simulator. */
export function useWechatUser(simulator: TestSimulator, about: object = {}): User {
  const user = {} as User;
  setUp[simulator.scope](async () => {
    Object.assign(user, await newUser(simulator, about));
  });
  return user;
}

/** Creates a WeChat user who follows the official account. */
export function useFollower(simulator: TestSimulator): User {
  const user = useWechatUser(simulator);
  setUp[simulator.scope](async () => {
    await phoneAction(simulator, user, 'scan', { content: (await call(simulator, 'GET', '/')).json.accountQr });
  });
  return user;
}

export interface Receiver {
  url: string;
  received: { at: number; url: URL; headers: IncomingHttpHeaders; body: string }[];
  /** Returns the answer to the n-th delivery, from 0; null for no answer at all. */
  answer: (index: number) => ReceiverAnswer | Promise<ReceiverAnswer>;
}

type ReceiverAnswer = { status: number; headers?: Record<string, string>; body?: string } | null;

/** Starts a receiver of pushes or notifications, which records every delivery. It gives the default answer. */
export function useReceiver(
  { scope, now }: Pick<TestSimulator, 'scope' | 'now'>,
  defaultAnswer: { status: number; body?: string } = { status: 200 },
): Receiver {
  const receiver: Receiver = { url: '', received: [], answer: () => defaultAnswer };
  setUp[scope](async () => {
    const server = createServer(async (incoming, response) => {
      const body = Buffer.concat(await incoming.toArray()).toString();
      const url = new URL(incoming.url ?? '/', 'http://localhost');
      receiver.received.push({ at: now(), url, headers: incoming.headers, body });
      const answer = await receiver.answer(receiver.received.length - 1);
      if (answer) response.writeHead(answer.status, answer.headers).end(answer.body ?? '');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    receiver.url = `http://localhost:${(server.address() as AddressInfo).port}/hook`;
    receiver.received = [];
    receiver.answer = () => defaultAnswer;
    return () => void server.close().closeAllConnections();
  });
  return receiver;
}

/** Starts a receiver at the callback URL of the official account, which accepts every push. */
export function useOfficialReceiver(simulator: TestSimulator): Receiver {
  const receiver = useReceiver(simulator, { status: 200, body: 'success' });
  setUp[simulator.scope](() => simulator.setOfficialCallbackUrl(receiver.url));
  return receiver;
}

/** Starts a receiver at the callback URL of the mini-program, which accepts every push. */
export function useMiniappReceiver(simulator: TestSimulator): Receiver {
  const receiver = useReceiver(simulator, { status: 200, body: 'success' });
  setUp[simulator.scope](() => simulator.setMiniappCallbackUrl(receiver.url));
  return receiver;
}

function start({ miniapp, official, pay, page, ...change }: SettingsChange): Promise<Simulator> {
  const { virtual, ...others } = { ...settings, ...change };
  return startSimulator({
    ...others,
    miniapp: { ...settings.miniapp, ...miniapp },
    official: { ...settings.official, ...official },
    pay: { ...settings.pay, ...pay },
    ...(virtual && { virtual }),
    ...(page && { page }),
  });
}
