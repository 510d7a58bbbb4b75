import { request, type IncomingMessage, type ServerResponse } from 'node:http';

/** The destination of a forwarded request: port, path with query, and the value of its Host header. */
export interface Destination {
  port: number;
  target: string;
  host?: string;
  /** The body, if the caller has already read it. */
  body?: Buffer;
}

/** Forwards a request and its response without changes to bytes or headers. Settles when the response is sent. */
export function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { port, target, host, body }: Destination,
) {
  return new Promise<void>((resolve) => {
    // The client may have disconnected while the request waited in the queue.
    if (outgoing.destroyed) return resolve();
    outgoing.once('close', resolve);
    const forwarded = request({
      host: '127.0.0.1',
      port,
      method: incoming.method,
      path: target,
      headers: replaceHost(incoming.rawHeaders, host),
      setHost: false,
      // The server may close an idle kept-alive connection at the moment of its reuse.
      agent: false,
    });
    // A client that disconnects also ends the forwarded request.
    outgoing.once('close', () => forwarded.destroy());
    forwarded.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(outgoing);
    });
    forwarded.on('error', (error) => {
      if (outgoing.headersSent) return outgoing.destroy();
      return outgoing
        .writeHead(502, { 'content-type': 'text/plain' })
        .end(`The emulator did not answer: ${error.message}\n`);
    });
    if (body) forwarded.end(body);
    else incoming.pipe(forwarded);
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
