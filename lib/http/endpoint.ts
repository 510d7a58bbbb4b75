import type * as v from 'valibot';
import type { ErrorCode } from '../core/errors.ts';
import type { ClientFacts } from './client.ts';

type Schema = v.GenericSchema;

/**
 * One route of the HTTP API. The schemas check requests and answers at run time. The API document is built from them,
 * from `summary` and from `errors`.
 *
 * `errors` leaves out three codes. Any route may return INTERNAL. A route with input may also return PARAM_ERROR, and a
 * route with a body BODY_TOO_LARGE.
 */
export interface Endpoint {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: `/${string}`;
  summary: string;
  auth: 'none' | 'session';
  /**
   * `browser` for a route that a person opens: a failure is an HTML page or a redirect with `login_error`, and JSON only on
   * request. Absent for a route whose failures are always JSON.
   */
  client?: 'browser';
  request?: {
    body?: Schema;
    /** Whether the body is multipart/form-data with one file. The handler then receives the body as sent. */
    multipart?: true;
    path?: Schema;
    query?: Schema;
    headers?: Schema;
  };
  status: 200 | 201 | 204 | 302;
  /**
   * The schema of the answer: a string schema gives a text answer, any other schema a JSON answer. Absent for status
   * 204, and for status 302, whose answer is a `Redirect`.
   */
  answer?: Schema;
  /** The media types of the answer, when it is a file. */
  fileTypes?: readonly string[];
  /** Seconds for which any cache may keep the answer. Absent: no cache may. */
  cacheS?: number;
  /** Whether the answer may set cookies. The handler then returns them beside the body. Every redirect may set cookies. */
  setsCookies?: true;
  errors: readonly ErrorCode[];
}

type Part<E extends Endpoint, Name extends 'body' | 'path' | 'query' | 'headers'> = E['request'] extends {
  [Key in Name]: infer S extends Schema;
}
  ? v.InferOutput<S>
  : undefined;

/** A body of multipart/form-data that is not parsed yet. */
export interface MultipartBody {
  /** The header Content-Type, which contains the boundary; empty if the request has none. */
  contentType: string;
  bytes: Buffer;
}

/** The checked request that a route passes to its flow. */
export interface EndpointRequest<E extends Endpoint> {
  /** The session token as sent, not yet verified. Undefined on a route without `auth: 'session'`. */
  token: E['auth'] extends 'session' ? string : undefined;
  body: E['request'] extends { multipart: true } ? MultipartBody : Part<E, 'body'>;
  path: Part<E, 'path'>;
  query: Part<E, 'query'>;
  headers: Part<E, 'headers'>;
  cookies: Record<string, string>;
  /** The parts that name the sender. `ClientReader` decides which part to trust. */
  clientFacts: ClientFacts;
}

/** `cookies` are whole `Set-Cookie` values. */
export interface Redirect {
  location: string;
  cookies: string[];
}

/** The answer of an endpoint with `setsCookies`. `cookies` are whole `Set-Cookie` values. */
export interface WithCookies<Body> {
  body: Body;
  cookies: string[];
}

/** The answer of an endpoint with `fileTypes`. */
export interface FileAnswer {
  type: string;
  bytes: Buffer;
}

type BodyOf<E extends Endpoint> = E['fileTypes'] extends readonly string[]
  ? FileAnswer
  : E['answer'] extends Schema
    ? v.InferInput<E['answer']>
    : void;

export type EndpointAnswer<E extends Endpoint> = E['status'] extends 302
  ? Redirect
  : E['setsCookies'] extends true
    ? WithCookies<BodyOf<E>>
    : BodyOf<E>;

/** Returns the description unchanged, with its exact types. */
export function endpoint<const E extends Endpoint>(description: E): E {
  return description;
}
