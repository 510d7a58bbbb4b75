import type { InvokeResult } from '../service/invoke.ts';

export interface UrlResponse {
  status: number;
  headers: Record<string, string | string[]>;
  body: Buffer;
}

interface ProxyResult {
  statusCode: number | string;
  headers?: Record<string, unknown>;
  cookies?: string[];
  body?: unknown;
  isBase64Encoded?: boolean;
}

/** Node sets these from the body that it sends. */
const FRAMING = new Set(['content-length', 'transfer-encoding', 'connection']);

/** Returns the response of a function URL for the result of its function. */
export function readFunctionUrlResult(result: Exclude<InvokeResult, { tooLarge: true }>): UrlResponse {
  if ('error' in result) return badGateway();
  if (!isProxyResult(result.value)) return inferResponse(result.value);
  const { statusCode, headers = {}, cookies = [], body = '', isBase64Encoded = false } = result.value;
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 200 || status > 599 || typeof body !== 'string') return badGateway();
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)] as const);
  return {
    status,
    headers: {
      'content-type': 'application/json',
      ...Object.fromEntries(named.filter(([name]) => !FRAMING.has(name))),
      ...(cookies.length > 0 && { 'set-cookie': cookies }),
    },
    body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
  };
}

function isProxyResult(value: unknown): value is ProxyResult {
  return typeof value === 'object' && value !== null && 'statusCode' in value;
}

/** A value without a status is the body: a string unchanged, anything else as JSON. */
function inferResponse(value: unknown): UrlResponse {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(text) };
}

function badGateway(): UrlResponse {
  return {
    status: 502,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from('Internal Server Error'),
  };
}
