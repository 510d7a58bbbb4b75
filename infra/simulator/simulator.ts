import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createControlApi, isControlPath } from './control-api.ts';
import { faultAnswer, takesEffect } from './faults.ts';
import { jsonAnswer, readCall, writeAnswer } from './http.ts';
import type { Answer, Call } from './http.ts';
import { createPayApi, isPayPath } from './pay/api.ts';
import { createPlatformApi, isPlatformPath } from './platform/api.ts';
import { errcodeMessage, errcodeAnswer } from './platform/error.ts';
import type { SimulatorSettings } from './settings.ts';
import { createWorld } from './world.ts';
import type { World } from './world.ts';

export type { SimulatorSettings } from './settings.ts';

export interface Simulator {
  /** `http://localhost:<port>`: the base of all three hosts and of the control calls. */
  readonly url: string;
  /** Epoch ms of the virtual clock. */
  now(): number;
  /** Like `POST /_clock`: resolves when everything that became due has been delivered. */
  advanceClock(advanceMs: number): Promise<void>;
  setOfficialCallbackUrl(url: string): void;
  setMiniappCallbackUrl(url: string): void;
  close(): Promise<void>;
}

/** Answers one request; undefined leaves the request without an answer. */
type Respond = (call: Call) => Promise<Answer | undefined>;

const holdOpenMs = 30_000;

/** Starts the simulator on a local port; rejects with EADDRINUSE if the port is in use. */
export async function startSimulator(settings: SimulatorSettings): Promise<Simulator> {
  const closing = new AbortController();
  const world = createWorld(settings, closing.signal);
  const { clock, account, miniProgram } = world;
  const respond = createRespond(world);
  const server = createServer((request, response) => {
    void readCall(request)
      .then(async (call) =>
        call ? await respond(call) : jsonAnswer(413, { error: 'BODY_TOO_LARGE', message: '1 MiB' }),
      )
      // A client that disconnects while it sends its body is no error of the simulator.
      .catch((error: unknown) => (request.errored ? undefined : internalError(error)))
      .then((answer) => (answer ? writeAnswer(response, answer) : holdOpen(response)));
  });
  // Longer than a client keeps an idle connection. Otherwise a busy machine can close a connection that a client is using.
  server.keepAliveTimeout = 60_000;
  server.listen(settings.port, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}`,
    now: () => clock.now(),
    advanceClock: (advanceMs) => clock.advance(advanceMs),
    setOfficialCallbackUrl: (url) => {
      account.callbackUrl = url;
    },
    setMiniappCallbackUrl: (url) => {
      miniProgram.callbackUrl = url;
    },
    close: async () => {
      clock.stop();
      closing.abort();
      await closeServer(server);
    },
  };
}

function createRespond(world: World): Respond {
  const { settings, faults, log } = world;
  const control = createControlApi(world);
  const apis = {
    pay: createPayApi(world.pay),
    platform: { answer: createPlatformApi(world), busy: () => errcodeAnswer(-1, errcodeMessage(-1)) },
  };

  return async (call) => {
    const { method, path } = call;
    if (isControlPath(path)) return (await settings.page?.(call)) ?? control(call);
    const area = isPayPath(path) ? 'pay' : 'platform';
    if (area === 'platform' && !isPlatformPath(path)) return { status: 404, body: 'not found: see GET /' };
    const entry = log.add({ kind: 'call', method, path, query: Object.fromEntries(call.query) });
    const fault = faults.forCall(path, area);
    if (fault) entry.fault = fault.action;
    const api = apis[area];
    const genuine = !fault || takesEffect(fault) ? await api.answer(call) : undefined;
    const answer = fault ? faultAnswer(fault, () => api.busy(call)) : genuine;
    entry.status = answer?.status ?? null;
    if (answer?.code !== undefined) entry.code = answer.code;
    return answer;
  };
}

function internalError(error: unknown): Answer {
  console.error('simulator:', error);
  return jsonAnswer(500, { error: 'INTERNAL', message: 'the simulator has a bug; see its stderr' });
}

/** Keeps the connection open without an answer until the client disconnects or 30 s have passed. */
function holdOpen(response: ServerResponse): void {
  const timer = setTimeout(() => response.destroy(), holdOpenMs);
  timer.unref();
  response.on('close', () => clearTimeout(timer));
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
