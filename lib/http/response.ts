/** The part of an API Gateway response (payload 2.0) that this service uses. */
export interface HttpResponse {
  statusCode: number;
  headers?: Record<string, string>;
  /** Whole `Set-Cookie` values. */
  cookies?: string[];
  body?: string;
}
