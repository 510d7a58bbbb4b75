import { request, type IncomingMessage, type ServerResponse } from 'node:http';

/** Where a request goes on to: path and query as they are to be sent, and the host that it is said to be for. */
export interface Onward {
  port: number;
  target: string;
  host?: string;
  /** The body, if it was read already. */
  body?: Buffer;
}

/** Passes a request on and its answer back, bytes and headers as they came. Settles when the answer is sent. */
export function forward(incoming: IncomingMessage, outgoing: ServerResponse, { port, target, host, body }: Onward) {
  return new Promise<void>((resolve) => {
    // It may have waited for its turn longer than its sender did.
    if (outgoing.destroyed) return resolve();
    outgoing.once('close', resolve);
    const onward = request({
      host: '127.0.0.1',
      port,
      method: incoming.method,
      path: target,
      headers: replaceHost(incoming.rawHeaders, host),
      setHost: false,
      // A connection that is kept may be closed by the other end at the very moment at which it is used again.
      agent: false,
    });
    // Who does not wait for the answer any more ends the question.
    outgoing.once('close', () => onward.destroy());
    onward.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(outgoing);
    });
    onward.on('error', (error) => {
      if (outgoing.headersSent) return outgoing.destroy();
      return outgoing
        .writeHead(502, { 'content-type': 'text/plain' })
        .end(`The emulator did not answer: ${error.message}\n`);
    });
    if (body) onward.end(body);
    else incoming.pipe(onward);
  });
}

function replaceHost(rawHeaders: string[], host: string | undefined): string[] {
  const replaced: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name, value] = [rawHeaders[at] as string, rawHeaders[at + 1] as string];
    if (name.toLowerCase() === 'connection') continue;
    replaced.push(name, name.toLowerCase() === 'host' ? (host ?? value) : value);
  }
  return replaced;
}
