import * as v from 'valibot';
import { endpoint } from '../endpoint.ts';

export const getHealth = endpoint({
  method: 'GET',
  path: '/health',
  summary: 'Whether the service answers',
  auth: 'none',
  status: 200,
  answer: v.object({ status: v.literal('ok') }),
  errors: [],
});

/** Its form is OpenAPI's, not ours. */
export const getOpenapi = endpoint({
  method: 'GET',
  path: '/openapi.json',
  summary: 'This document',
  auth: 'none',
  status: 200,
  answer: v.looseObject({ openapi: v.string() }),
  errors: [],
});

export const getJwks = endpoint({
  method: 'GET',
  path: '/.well-known/jwks.json',
  summary: 'The public keys of our session tokens, for other services that check them',
  auth: 'none',
  status: 200,
  answer: v.object({
    keys: v.array(
      v.object({
        kty: v.string(),
        crv: v.string(),
        x: v.string(),
        y: v.optional(v.string()),
        kid: v.string(),
        alg: v.string(),
        use: v.literal('sig'),
      }),
    ),
  }),
  errors: ['NOT_CONFIGURED'],
});
