import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { endpoint, type Endpoint } from '../../../../../lib/http/endpoint.ts';
import { STATUS } from '../../../../../lib/http/error-response.ts';
import { buildOpenapi } from '../../../../../lib/http/openapi/document.ts';
import { ENDPOINTS } from '../../../../../lib/http/openapi/endpoints.ts';
import type { Operation } from '../../../../../lib/http/openapi/types.ts';

const document = buildOpenapi(ENDPOINTS);
const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
const listed = Object.entries<Record<string, Endpoint>>(ENDPOINTS).flatMap(([tag, tagged]) =>
  Object.entries(tagged).map(([operationId, described]) => ({ tag, operationId, described })),
);

describe('buildOpenapi', () => {
  it('returns a valid OpenAPI 3.1 document with the version of the package', async () => {
    const validator = new Validator();
    expect(await validator.validate(structuredClone(document))).toMatchObject({ valid: true });
    expect(validator.version).toBe('3.1');
    const { name, version } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, string>;
    expect(document.info).toMatchObject({ title: name, version });
  });

  it.each(listed)(
    'describes $operationId under the path and the method of its route',
    ({ tag, operationId, described }) => {
      const { method, path, summary, status } = described;
      expect(document.paths[path]![method.toLowerCase()]).toMatchObject({ operationId, summary, tags: [tag] });
      expect(document.paths[path]![method.toLowerCase()]!.responses).toHaveProperty(String(status));
    },
  );

  it('describes each endpoint once, and nothing else', () => {
    expect(operations.map(({ operationId }) => operationId).toSorted()).toEqual(
      [...new Set(listed.map(({ operationId }) => operationId))].toSorted(),
    );
  });

  it('contains exactly the schemas that its references name', () => {
    const names = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name]) => name,
    );
    expect(JSON.stringify(document).match(/"\$ref"/g)).toHaveLength(names.length);
    expect(new Set(names)).toEqual(new Set(Object.keys(document.components.schemas)));
  });

  it('lists the error codes of every route under their HTTP status', () => {
    expect(document.components.schemas['ErrorCode']!.enum).toEqual(Object.keys(STATUS));
    for (const { operationId, described } of listed) {
      const implied = [
        ...(described.request ? ['PARAM_ERROR'] : []),
        ...(described.request?.body || described.request?.multipart ? ['BODY_TOO_LARGE'] : []),
      ];
      const codes = codesOf(document.paths[described.path]![described.method.toLowerCase()]!);
      expect(codes.map(({ code }) => code).toSorted(), operationId).toEqual(
        [...implied, ...described.errors, 'INTERNAL'].toSorted(),
      );
      for (const { code, status } of codes) expect(STATUS[code as keyof typeof STATUS], code).toBe(status);
    }
  });

  it('describes an upload as a form with one file, and a file by its media types', () => {
    const file = { type: 'string', contentMediaType: 'application/octet-stream' };
    expect(document.paths['/uploads']!['post']!.requestBody).toEqual({
      required: true,
      content: {
        'multipart/form-data': { schema: { type: 'object', properties: { file }, required: ['file'] } },
      },
    });
    expect(document.paths['/uploads/{key}']!['get']!.responses['200']!.content).toEqual(
      Object.fromEntries(
        ['image/jpeg', 'image/png', 'image/gif'].map((type) => [
          type,
          { schema: { type: 'string', contentMediaType: type } },
        ]),
      ),
    );
  });

  it('lists the security schemes and the parameters of a route', () => {
    const { prepay, pollQrLogin } = Object.fromEntries(
      operations.map((operation) => [operation.operationId, operation]),
    );
    expect(prepay).toMatchObject({ security: [{ bearer: [] }, { cookie: [] }] });
    expect(prepay!.parameters).toMatchObject([{ name: 'Idempotency-Key', in: 'header', required: false }]);
    expect(pollQrLogin!.security).toEqual([]);
    expect(pollQrLogin!.parameters).toMatchObject([
      { name: 'ticket', in: 'path', required: true },
      { name: 'cookie', in: 'query', required: false, schema: { const: '1' } },
      { name: 'X-Poll-Token', in: 'header', required: true },
    ]);
  });

  it('describes the answers that may set a cookie, and that then have no token', () => {
    const headers = { 'Set-Cookie': { required: false, schema: { type: 'string' } } };
    expect(document.paths['/logout']!['post']!.responses['204']).toEqual({ description: 'No Content', headers });
    const registered = document.paths['/register']!['post']!.responses['201']!;
    expect(registered).toMatchObject({ headers });
    const schema = registered.content!['application/json']!.schema;
    expect(schema.properties).toHaveProperty('token');
    expect(schema.required).toEqual(['tokenType', 'expiresIn', 'user']);
  });

  it('describes the failures of browser routes as a page, and as JSON on request', () => {
    const page = { schema: { type: 'string' } };
    for (const { operationId, described } of listed) {
      const { responses } = document.paths[described.path]![described.method.toLowerCase()]!;
      const failures = Object.entries(responses).filter(([status]) => Number(status) >= 400);
      for (const [, { content }] of failures) {
        const types = described.path.startsWith('/oauth/') ? ['application/json', 'text/html'] : ['application/json'];
        expect(Object.keys(content!), operationId).toEqual(types);
        expect(content!['text/html'] ?? page).toEqual(page);
      }
    }
  });

  it('describes text responses, redirects and empty responses', () => {
    const of = (path: string, verb: string) => document.paths[path]![verb]!.responses;
    expect(of('/{file}', 'get')['200']!.content).toEqual({ 'text/plain': { schema: { type: 'string' } } });
    expect(of('/oauth/authorize', 'get')['302']).toMatchObject({ headers: { Location: { required: true } } });
    expect(of('/me', 'delete')['204']).toEqual({ description: 'No Content' });
    expect(of('/qr-login', 'post')['429']).toMatchObject({ headers: { 'Retry-After': { required: true } } });
  });
});

describe('buildOpenapi, schemas', () => {
  const described = (parts: Partial<Endpoint>) =>
    buildOpenapi({
      Test: {
        test: endpoint({
          method: 'POST',
          path: '/',
          summary: 'A test',
          auth: 'none',
          status: 200,
          errors: [],
          ...parts,
        }),
      },
    }).paths['/']!['post']!;
  const trimmedNumber = v.pipe(v.string(), v.maxLength(9), v.transform(Number), v.number());

  it('describes a request before its transformations, with optional fields', () => {
    const body = v.object({ count: trimmedNumber, size: v.optional(v.picklist(['s', 'l']), 's') });
    expect(described({ request: { body } }).requestBody!.content['application/json']!.schema).toEqual({
      type: 'object',
      properties: {
        count: { type: 'string', maxLength: 9 },
        size: { type: 'string', enum: ['s', 'l'], default: 's' },
      },
      required: ['count'],
    });
  });

  it('describes a response after its transformations, without additional fields', () => {
    const answer = v.object({ count: trimmedNumber });
    expect(described({ answer }).responses['200']!.content!['application/json']!.schema).toEqual({
      type: 'object',
      properties: { count: { type: 'number' } },
      required: ['count'],
      additionalProperties: false,
    });
  });

  it.each<[string, Partial<Endpoint>]>([
    [
      'a check',
      {
        request: {
          body: v.object({
            a: v.pipe(
              v.string(),
              v.check((text) => text !== 'b'),
            ),
          }),
        },
      },
    ],
    ['a flag of a pattern', { request: { body: v.object({ a: v.pipe(v.string(), v.regex(/a/i)) }) } }],
    ['a transformation without an output schema', { answer: v.object({ a: v.pipe(v.string(), v.transform(Number)) }) }],
    ['a date', { answer: v.object({ a: v.date() }) }],
  ])('throws for a schema with %s, which JSON Schema cannot express', (_, parts) => {
    expect(() => described(parts)).toThrow(/not supported|cannot be converted/);
  });
});

function codesOf({ responses }: Operation): { code: string; status: number }[] {
  return Object.entries(responses).flatMap(([status, { content }]) => {
    const { $ref, properties } = content?.['application/json']?.schema ?? {};
    if ($ref !== '#/components/schemas/Error') return [];
    return (properties!['code'] as { enum: string[] }).enum.map((code) => ({ code, status: Number(status) }));
  });
}
