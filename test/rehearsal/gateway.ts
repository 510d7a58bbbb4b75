// Serves the emulated API and the function URLs on ports of this machine, in the place of DNS.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { FunctionUrl } from './deploy.ts';
import { forward, type Destination } from './forward.ts';

/** Maximum of concurrent calls. Each call may start a process, and fifty processes at once would all exceed their timeouts. */
const MAX_CALLS = 8;

/** Serves the HTTP API on `port`. */
export function serveHttpApi(port: number, emulatorPort: number, apiId: string): Promise<void> {
  // Addressed by path, because the emulator reserves some paths on every host.
  return serve(port, ({ url }) => ({ port: emulatorPort, target: `/_aws/execute-api/${apiId}/$default${url}` }));
}

/** Serves each function URL as `/<function-name>`. */
export function serveFunctionUrls(port: number, emulatorPort: number, urls: FunctionUrl[]): Promise<void> {
  return serve(port, ({ url = '/' }) => {
    const [, name, rest = ''] = /^\/([^/?]*)(.*)$/s.exec(url) ?? [];
    const match = urls.find(({ functionName }) => functionName === name);
    return (
      match && {
        port: emulatorPort,
        target: rest.startsWith('/') ? rest : `/${rest}`,
        host: new URL(match.url).host,
      }
    );
  });
}

/** Returns the local address of a function URL, and any other address unchanged. */
export function servedAt(url: string, urls: FunctionUrl[], port: number): string {
  const match = urls.find((entry) => url.startsWith(entry.url));
  return match ? `http://localhost:${port}/${match.functionName}/${url.slice(match.url.length)}` : url;
}

async function serve(port: number, route: (incoming: IncomingMessage) => Destination | undefined): Promise<void> {
  const waiting: (() => void)[] = [];
  let running = 0;
  const pass = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const destination = route(incoming);
    if (!destination) return outgoing.writeHead(404).end();
    if (running >= MAX_CALLS) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    await forward(incoming, outgoing, destination);
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
    return undefined;
  };
  const server = createServer((incoming, outgoing) => void pass(incoming, outgoing));
  await once(server.listen(port, '127.0.0.1'), 'listening');
}
