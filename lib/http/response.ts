/** A payload 2.0 response, as far as we use it. */
export interface HttpResponse {
  statusCode: number;
  headers?: Record<string, string>;
  /** Whole `Set-Cookie` values. */
  cookies?: string[];
  body?: string;
}
