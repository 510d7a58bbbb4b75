// What DNS does for a real deployment: the addresses of the emulated API and function URLs, as ports of this machine.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { FunctionUrl } from './deploy.ts';
import { forward, type Onward } from './forward.ts';

/** Lambda starts a container for every call at once. A laptop that starts fifty programs at once answers none in time. */
const MAX_CALLS = 8;

/** Serves the HTTP API on `port`. */
export function serveHttpApi(port: number, emulatorPort: number, apiId: string): Promise<void> {
  // By its path, because the emulator keeps some paths of its own on every host.
  return serve(port, ({ url }) => ({ port: emulatorPort, target: `/_aws/execute-api/${apiId}/$default${url}` }));
}

/** Serves each function URL as `/<function-name>`. */
export function serveFunctionUrls(port: number, emulatorPort: number, urls: FunctionUrl[]): Promise<void> {
  return serve(port, ({ url = '/' }) => {
    const [, name, rest = ''] = /^\/([^/?]*)(.*)$/s.exec(url) ?? [];
    const known = urls.find(({ functionName }) => functionName === name);
    return (
      known && {
        port: emulatorPort,
        target: rest.startsWith('/') ? rest : `/${rest}`,
        host: new URL(known.url).host,
      }
    );
  });
}

/** Where an address of the deployment is served here; any other is its own. */
export function servedAt(url: string, urls: FunctionUrl[], port: number): string {
  const known = urls.find((one) => url.startsWith(one.url));
  return known ? `http://localhost:${port}/${known.functionName}/${url.slice(known.url.length)}` : url;
}

async function serve(port: number, route: (incoming: IncomingMessage) => Onward | undefined): Promise<void> {
  const waiting: (() => void)[] = [];
  let running = 0;
  const pass = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const onward = route(incoming);
    if (!onward) return outgoing.writeHead(404).end();
    if (running >= MAX_CALLS) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    await forward(incoming, outgoing, onward);
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
    return undefined;
  };
  const server = createServer((incoming, outgoing) => void pass(incoming, outgoing));
  await once(server.listen(port, '127.0.0.1'), 'listening');
}
