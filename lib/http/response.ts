/** The part of an API Gateway response (payload 2.0) that this service uses. */
export interface HttpResponse {
  statusCode: number;
  headers?: Record<string, string>;
  /** Whole `Set-Cookie` values. */
  cookies?: string[];
  body?: string;
  /** Whether `body` holds bytes in base64. */
  isBase64Encoded?: true;
}

/** A header of every response. Browsers then never take an answer for a script or a page, whatever its content. */
export const NO_SNIFF = { 'x-content-type-options': 'nosniff' };
