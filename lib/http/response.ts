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

/**
 * Headers of every file that a user uploaded. Neither a script nor a form in the file can act for this domain, even if the
 * file is opened as a page. Pages of other sites may show the file.
 * @see https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Content-Security-Policy/sandbox
 */
export const FILE_HEADERS = {
  'content-security-policy': "sandbox; default-src 'none'",
  'content-disposition': 'inline',
  'cross-origin-resource-policy': 'cross-origin',
};
