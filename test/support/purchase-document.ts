import { endpoint, type Endpoint } from '../../lib/http/endpoint.ts';
import { buildOpenapi } from '../../lib/http/openapi/document.ts';

/** The differences from the plain endpoint `POST /buy`. */
export type Parts = Partial<Endpoint>;

/** The OpenAPI document of one endpoint. */
export const documentOf = (parts: Parts, operationId = 'buy') =>
  buildOpenapi({
    Test: {
      [operationId]: endpoint({
        method: 'POST',
        path: '/buy',
        summary: 'Buys',
        auth: 'none',
        status: 200,
        errors: ['NOT_FOUND'],
        ...parts,
      }),
    },
  });
