/** A payload 2.0 response, as far as we use it. */
export interface HttpResponse {
  statusCode: number;
  headers?: Record<string, string>;
  body?: string;
}
