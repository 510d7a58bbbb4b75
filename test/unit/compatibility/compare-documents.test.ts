// Changes that a description of an endpoint cannot express: each test edits the document.
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { compareOpenapi } from '../../../infra/compatibility/compare-openapi.ts';
import type { Operation } from '../../../lib/http/openapi/types.ts';
import { documentOf, type Parts } from '../../support/purchase-document.ts';

const text = v.string();
const body = (schema: v.GenericSchema): Parts => ({ request: { body: v.object({ a: schema }) } });
const limited: Parts = { errors: ['RATE_LIMITED'] };
const [bearer, cookie] = [{ bearer: [] }, { cookie: [] }];

type Edit = (operation: Operation) => void;
const edited = (parts: Parts, edit: Edit) => {
  const document = structuredClone(documentOf(parts));
  edit(document.paths['/buy']!['post']!);
  return document;
};

describe('compareOpenapi', () => {
  it.each<[string, Operation['security'], Operation['security'], string[]]>([
    ['accepts another credential', [bearer], [bearer, cookie], []],
    ['accepts fewer credentials', [{ ...bearer, ...cookie }], [cookie], []],
    ['accepts optional credentials', [bearer], [bearer, {}], []],
    ['finds a credential that no longer suffices', [bearer, cookie], [bearer], ['cookie']],
    [
      'finds credentials that are required together now',
      [bearer, cookie],
      [{ ...bearer, ...cookie }],
      ['bearer', 'cookie'],
    ],
    ['finds optional credentials that are required now', [bearer, {}], [bearer], ['no credential']],
  ])('%s', (_, before, after, refused) => {
    const documents = [before, after].map((security) =>
      edited({}, (operation) => Object.assign(operation, { security })),
    );
    expect(compareOpenapi(documents[0]!, documents[1]!)).toEqual(
      refused.map((names) => `POST /buy: a request with ${names} is no longer accepted`),
    );
  });

  it.each<[string, Parts, Edit, string]>([
    [
      'a new status of success',
      {},
      ({ responses }) => (responses['202'] = { description: '' }),
      ' 202: the status was added',
    ],
    ['a new redirect', {}, ({ responses }) => (responses['303'] = { description: '' }), ' 303: the status was added'],
    [
      'a new content type of an answer',
      { answer: text },
      ({ responses }) => (responses['200']!.content!['text/csv'] = { schema: {} }),
      ' 200: the content type text/csv was added',
    ],
    [
      'a new content type of an error',
      {},
      ({ responses }) => (responses['404']!.content!['text/plain'] = { schema: {} }),
      ' 404: the content type text/plain was added',
    ],
    [
      'a header of an answer that was removed',
      limited,
      ({ responses }) => delete responses['429']!.headers,
      ' 429 header.Retry-After: the field was removed',
    ],
    [
      'a header of an answer that is optional now',
      limited,
      ({ responses }) => (responses['429']!.headers!['Retry-After']!.required = false),
      ' 429 header.Retry-After: the field is optional now',
    ],
    [
      'another type of a header of an answer',
      limited,
      ({ responses }) => (responses['429']!.headers!['Retry-After']!.schema = { type: 'string' }),
      ' 429 header.Retry-After: the type changed from integer to string',
    ],
    [
      'an error about input that was removed beside a body',
      body(text),
      ({ responses }) => delete responses['400'],
      ': the error 400 PARAM_ERROR was removed',
    ],
    [
      'an error about the size of a body that was removed beside the body',
      body(text),
      ({ responses }) => delete responses['413'],
      ': the error 413 BODY_TOO_LARGE was removed',
    ],
    [
      'an error about input that was removed beside a parameter',
      { request: { query: v.object({ q: text }) } },
      ({ responses }) => delete responses['400'],
      ': the error 400 PARAM_ERROR was removed',
    ],
  ])('finds %s', (_, parts, edit, finding) => {
    expect(compareOpenapi(documentOf(parts), edited(parts, edit))).toEqual([`POST /buy${finding}`]);
  });

  it('accepts a new header of an answer', () => {
    const headers = { 'X-Trace': { required: true, schema: { type: 'string' } as const } };
    const after = edited({}, ({ responses }) => Object.assign(responses['200']!, { headers }));
    expect(compareOpenapi(documentOf({}), after)).toEqual([]);
  });

  it('accepts a new content type of a request', () => {
    const after = edited(body(text), ({ requestBody }) => (requestBody!.content['text/csv'] = { schema: {} }));
    expect(compareOpenapi(documentOf(body(text)), after)).toEqual([]);
  });

  it.each([
    ['another server', ['/v2'], '/v2'],
    ['a new server', ['/', '/v2'], '/, /v2'],
    ['a server that was removed', [], 'none'],
  ])('finds %s', (_, urls, now) => {
    const after = { ...documentOf({}), servers: urls.map((url) => ({ url })) };
    expect(compareOpenapi(documentOf({}), after)).toEqual([`servers: changed from / to ${now}`]);
  });

  it('finds another cookie of the session', () => {
    const [before, after] = [documentOf({ auth: 'session' }), structuredClone(documentOf({ auth: 'session' }))];
    Object.assign(after.components.securitySchemes['cookie']!, { name: 'other' });
    expect(compareOpenapi(before, after)).toEqual(['POST /buy: a request with cookie is no longer accepted']);
  });

  it('finds a change in a part that answers refer to', () => {
    const [before, after] = [documentOf({}), documentOf({})];
    const { properties = {} } = after.components.schemas['Error']!;
    delete properties['message'];
    expect(compareOpenapi(before, after)).toContain('POST /buy 404.message: the field was removed');
  });

  it('reports a change of an unsupported keyword', () => {
    const [before, after] = [documentOf(body(v.array(text))), documentOf(body(v.array(text)))];
    const { schema } = after.paths['/buy']!['post']!.requestBody!.content['application/json']!;
    Object.assign(schema.properties!['a'] as object, { uniqueItems: true });
    expect(compareOpenapi(before, after)).toEqual(['POST /buy body.a: uniqueItems changed from none to true']);
  });
});
