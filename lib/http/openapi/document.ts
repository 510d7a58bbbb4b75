import * as v from 'valibot';
import { PLAIN_SESSION_COOKIE, SECURE_SESSION_COOKIE } from '../cookies.ts';
import { VERSION } from '../../core/version.ts';
import type { Endpoint } from '../endpoint.ts';
import type { EndpointList } from './endpoints.ts';
import { FILE_CONTENT, responsesOf } from './responses.ts';
import { componentSchemas, requestSchema } from './schemas.ts';
import type { Content, OpenapiDocument, Operation, Parameter } from './types.ts';

const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'The `token` of a session' },
  cookie: {
    type: 'apiKey',
    in: 'cookie',
    name: SECURE_SESSION_COOKIE,
    description: `Set by the login of H5 pages, and by a scan login with \`cookie=1\`. Its name is \`${PLAIN_SESSION_COOKIE}\` on plain http. A request that changes state must come from an origin of ALLOWED_ORIGINS`,
  },
};

/** A body with one file. The name of its field is free, and other fields are ignored. */
const FILE_BODY: NonNullable<Operation['requestBody']> = {
  required: true,
  content: {
    'multipart/form-data': {
      schema: { type: 'object', properties: { file: FILE_CONTENT }, required: ['file'] },
    },
  },
};

/** Headers that only browsers can set. */
const SET_BY_BROWSERS = new Set(['origin']);

/**
 * Builds the OpenAPI document of these endpoints.
 * @throws Error for a schema that JSON Schema cannot express
 */
export function buildOpenapi(endpoints: EndpointList): OpenapiDocument {
  const paths: OpenapiDocument['paths'] = {};
  for (const [tag, tagged] of Object.entries(endpoints)) {
    for (const [operationId, endpoint] of Object.entries(tagged)) {
      const { [endpoint.path]: others } = paths;
      paths[endpoint.path] = { ...others, [endpoint.method.toLowerCase()]: operation(endpoint, { operationId, tag }) };
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'wechat-lambda',
      version: VERSION,
      description: 'A WeChat backend: login, payments, wallet. Amounts are in fen, times in ISO 8601.',
    },
    // Relative to the address of the document, so that the address is right for every stage and domain.
    servers: [{ url: '/' }],
    tags: Object.keys(endpoints).map((name) => ({ name })),
    paths,
    components: { schemas: componentSchemas(), securitySchemes: SECURITY_SCHEMES },
  };
}

function operation(endpoint: Endpoint, { operationId, tag }: { operationId: string; tag: string }): Operation {
  const { summary, auth, request } = endpoint;
  return {
    operationId,
    tags: [tag],
    summary,
    security: auth === 'session' ? [{ bearer: [] }, { cookie: [] }] : [],
    parameters: [
      ...parameters('path', request?.path),
      ...parameters('query', request?.query),
      ...parameters('header', request?.headers),
    ],
    ...(request?.body && { requestBody: requestBody(request.body) }),
    ...(request?.multipart && { requestBody: FILE_BODY }),
    responses: responsesOf(endpoint),
  };
}

function parameters(place: Parameter['in'], schema: v.GenericSchema | undefined): Parameter[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = requestSchema(schema);
  return Object.entries(properties)
    .filter(([name]) => !SET_BY_BROWSERS.has(name))
    .map(([name, property]) => ({
      name: place === 'header' ? headerName(name) : name,
      in: place,
      required: required.includes(name),
      schema: property as Parameter['schema'],
    }));
}

/** Returns a header name in its usual spelling: `x-poll-token` becomes `X-Poll-Token`. */
function headerName(name: string): string {
  return name.replace(/(?<![a-z])[a-z]/g, (letter) => letter.toUpperCase());
}

/**
 * Describes a body. A missing body counts as an empty object, so the body is optional if the schema accepts an empty
 * object.
 */
function requestBody(schema: v.GenericSchema): { required: boolean; content: Content } {
  const required = !v.is(schema, {});
  return { required, content: { 'application/json': { schema: requestSchema(schema) } } };
}
