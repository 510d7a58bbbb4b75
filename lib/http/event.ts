import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { AppError } from '../core/errors.ts';

const MAX_BODY_BYTES = 64 * 1024;

/** The bytes as the client sent them: what a signature covers. @throws BODY_TOO_LARGE */
export function rawBody({ body, isBase64Encoded }: Pick<APIGatewayProxyEventV2, 'body' | 'isBase64Encoded'>): Buffer {
  const bytes = Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > MAX_BODY_BYTES) throw new AppError('BODY_TOO_LARGE', `At most ${MAX_BODY_BYTES} bytes`);
  return bytes;
}

/** Headers with lower-case names, as AWS hands them over; emulators differ. */
export function headersOf({ headers }: Pick<APIGatewayProxyEventV2, 'headers'>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
}

/** The parameters, decoded once from what was sent; of a repeated one, the last. */
export function queryOf({ rawQueryString }: Pick<APIGatewayProxyEventV2, 'rawQueryString'>): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(rawQueryString));
}
