import * as v from 'valibot';
import { endpoint } from '../endpoint.ts';

export const getHealth = endpoint({
  method: 'GET',
  path: '/health',
  summary: 'Check that the service responds',
  auth: 'none',
  status: 200,
  answer: v.object({ status: v.literal('ok') }),
  errors: [],
});

/** The answer schema is loose, because the OpenAPI specification defines the document. */
export const getOpenapi = endpoint({
  method: 'GET',
  path: '/openapi.json',
  summary: 'Get the OpenAPI document of this API',
  auth: 'none',
  status: 200,
  answer: v.looseObject({ openapi: v.string() }),
  errors: [],
});

export const getJwks = endpoint({
  method: 'GET',
  path: '/.well-known/jwks.json',
  summary: 'Get the public keys with which other services verify session tokens',
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
