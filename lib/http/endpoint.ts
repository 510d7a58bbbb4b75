import type * as v from 'valibot';
import type { ErrorCode } from '../core/errors.ts';

type Schema = v.GenericSchema;

/**
 * One route of the HTTP API, described once: the schemas check requests and answers at run time, and with `summary` and
 * `errors` they are all that the document of the API needs. Every route may also answer INTERNAL, one that takes anything
 * PARAM_ERROR, and one that takes a body BODY_TOO_LARGE.
 */
export interface Endpoint {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: `/${string}`;
  summary: string;
  auth: 'none' | 'session';
  request?: { body?: Schema; path?: Schema; query?: Schema; headers?: Schema };
  status: 200 | 201 | 204 | 302;
  /** Of a JSON answer; a schema of text makes a text answer, and 302 answers with a `Redirect`. */
  answer?: Schema;
  errors: readonly ErrorCode[];
}

type Part<E extends Endpoint, Name extends 'body' | 'path' | 'query' | 'headers'> = E['request'] extends {
  [Key in Name]: infer S extends Schema;
}
  ? v.InferOutput<S>
  : undefined;

/** What a route hands to its flow. */
export interface EndpointRequest<E extends Endpoint> {
  /** The session token as sent, not yet verified; only where a session is needed. */
  token: E['auth'] extends 'session' ? string : undefined;
  body: Part<E, 'body'>;
  path: Part<E, 'path'>;
  query: Part<E, 'query'>;
  headers: Part<E, 'headers'>;
  cookies: Record<string, string>;
  /** The address that the gateway saw. */
  address: string;
}

/** `cookies` are whole `Set-Cookie` values. */
export interface Redirect {
  location: string;
  cookies: string[];
}

export type EndpointAnswer<E extends Endpoint> = E['status'] extends 302
  ? Redirect
  : E['answer'] extends Schema
    ? v.InferInput<E['answer']>
    : void;

/** Keeps the exact types of a description. */
export function endpoint<const E extends Endpoint>(description: E): E {
  return description;
}
