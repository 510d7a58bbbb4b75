import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { AppError } from '../core/errors.ts';

const MAX_BODY_BYTES = 64 * 1024;

/**
 * Returns the body as the client sent it. Signatures cover these bytes. The limit applies before the body is decoded.
 * @throws BODY_TOO_LARGE
 */
export function rawBody(
  { body, isBase64Encoded }: Pick<APIGatewayProxyEventV2, 'body' | 'isBase64Encoded'>,
  maxBytes = MAX_BODY_BYTES,
): Buffer {
  const text = body ?? '';
  const encoding = isBase64Encoded ? 'base64' : 'utf8';
  if (Buffer.byteLength(text, encoding) > maxBytes)
    throw new AppError('BODY_TOO_LARGE', `The body must have at most ${maxBytes} bytes`);
  return Buffer.from(text, encoding);
}

/** Returns the headers with lower-case names. AWS sends them in lower case; emulators may not. */
export function headersOf({ headers }: Pick<APIGatewayProxyEventV2, 'headers'>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
}

/**
 * Returns the query parameters, decoded once. A repeated parameter has the list of its values. The schemas reject such a
 * list, because client and function could read different values.
 */
export function queryOf({
  rawQueryString,
}: Pick<APIGatewayProxyEventV2, 'rawQueryString'>): Record<string, string | string[]> {
  const parameters = new URLSearchParams(rawQueryString);
  const entries = [...new Set(parameters.keys())].map((name) => [name, parameters.getAll(name)] as const);
  return Object.fromEntries(entries.map(([name, values]) => [name, values.length > 1 ? values : values[0]!]));
}
