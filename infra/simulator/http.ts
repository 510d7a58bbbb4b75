import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';

/** One received request, read to its end. */
export interface Call {
  method: string;
  /** Path and query exactly as sent: the text that pay v3 signs. */
  target: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body: string | Buffer;
  /** The errcode or error code inside the body, for the call log. */
  code?: string | number;
}

const maxBodyBytes = 1_048_576;

/** Reads a request to its end; undefined if the body is larger than 1 MiB. */
export async function readCall(request: IncomingMessage): Promise<Call | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  const target = request.url ?? '/';
  const [path = '/', search = ''] = splitOnce(target, '?');
  return {
    method: request.method ?? 'GET',
    target,
    path,
    query: new URLSearchParams(search),
    headers: request.headers,
    body: Buffer.concat(chunks),
  };
}

/** Writes an answer; does nothing if the client has disconnected. */
export function writeAnswer(response: ServerResponse, answer: Answer): void {
  if (response.destroyed) return;
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body);
}

/** Builds a JSON answer; some platform calls send it as text/plain. */
export function jsonAnswer(status: number, value: unknown, contentType = 'application/json; charset=utf-8'): Answer {
  return { status, headers: { 'Content-Type': contentType }, body: JSON.stringify(value) };
}

/** Parses a body as JSON; undefined if it is not valid UTF-8 or not JSON. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}

/** Whether a value is an object and not an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function splitOnce(text: string, mark: string): string[] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
