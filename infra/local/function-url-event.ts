import type { LambdaFunctionURLEvent } from 'aws-lambda';

export interface UrlRequest {
  method: string;
  /** Path and query as received, without the name of the function. */
  target: string;
  /** Name, value, name, value: as `IncomingMessage.rawHeaders`. */
  rawHeaders: string[];
  body: Buffer;
  sourceIp: string;
  port: number;
  now: Date;
  requestId: string;
}

/** Only these arrive as text. Everything else arrives base64 encoded, also forms and bodies without a type. */
const TEXT_TYPES = /^(text\/.*|application\/(json|xml|javascript))$/;

/** Headers of the connection, which AWS does not pass on. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'transfer-encoding', 'upgrade']);

/** Builds the event (payload 2.0) that AWS makes of a request to a function URL. */
export function buildFunctionUrlEvent(request: UrlRequest): LambdaFunctionURLEvent {
  const { path, query } = splitTarget(request.target);
  const sent = joinHeaders(request.rawHeaders);
  const headers = { ...sent, ...buildAddedHeaders(sent, request) };
  const cookies = splitCookies(headers['cookie']);
  const domainName = (headers['host'] ?? 'localhost').replace(/:\d+$/, '');
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: query,
    ...(cookies.length > 0 && { cookies }),
    headers,
    ...(query !== '' && { queryStringParameters: joinParameters(query) }),
    requestContext: {
      accountId: 'anonymous',
      apiId: 'local',
      domainName,
      domainPrefix: domainName.split('.')[0] as string,
      http: {
        method: request.method,
        path,
        protocol: 'HTTP/1.1',
        sourceIp: request.sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: request.requestId,
      routeKey: '$default',
      stage: '$default',
      time: formatCommonLogTime(request.now),
      timeEpoch: request.now.getTime(),
    },
    ...encodeBody(request.body, headers['content-type']),
  };
}

function splitTarget(target: string): { path: string; query: string } {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  return { path: path === '' ? '/' : path, query: mark < 0 ? '' : target.slice(mark + 1) };
}

function joinHeaders(rawHeaders: string[]): Record<string, string> {
  const joined: Record<string, string> = {};
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    const value = rawHeaders[i + 1] as string;
    if (HOP_BY_HOP.has(name)) continue;
    joined[name] = name in joined ? `${joined[name]}${name === 'cookie' ? '; ' : ','}${value}` : value;
  }
  return joined;
}

/** Returns the headers that AWS adds. An address that the client claims stays in front of the real one. */
function buildAddedHeaders(sent: Record<string, string>, request: UrlRequest): Record<string, string> {
  const { sourceIp, port, now, requestId } = request;
  const seconds = Math.floor(now.getTime() / 1000).toString(16);
  return {
    'x-forwarded-for': sent['x-forwarded-for'] ? `${sent['x-forwarded-for']}, ${sourceIp}` : sourceIp,
    'x-forwarded-port': String(port),
    'x-forwarded-proto': 'http',
    'x-amzn-trace-id': sent['x-amzn-trace-id'] ?? `Root=1-${seconds}-${requestId.replaceAll('-', '').slice(0, 24)}`,
  };
}

function splitCookies(header: string | undefined): string[] {
  return (header ?? '')
    .split(';')
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie !== '');
}

function joinParameters(query: string): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    joined[name] = name in joined ? `${joined[name]},${value}` : value;
  }
  return joined;
}

function encodeBody(body: Buffer, contentType: string | undefined): { body?: string; isBase64Encoded: boolean } {
  if (body.length === 0) return { isBase64Encoded: false };
  const mediaType = (contentType ?? '').split(';', 1)[0] as string;
  if (TEXT_TYPES.test(mediaType.trim().toLowerCase())) return { body: body.toString('utf8'), isBase64Encoded: false };
  return { body: body.toString('base64'), isBase64Encoded: true };
}

/** Returns a time such as `20/Nov/2026:23:01:36 +0000`. */
function formatCommonLogTime(date: Date): string {
  const [, day, month, year, time] = date.toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}
