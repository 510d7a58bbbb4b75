import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { compareOpenapi } from '../../../infra/compatibility/compare-openapi.ts';
import { documentOf, type Parts } from '../../support/purchase-document.ts';

type Schema = v.GenericSchema;

const changes = (before: Parts, after: Parts) => compareOpenapi(documentOf(before), documentOf(after));
const text = v.string();
const body = (schema: Schema): Parts => bodyOf({ a: schema });
const bodyOf = (fields: Record<string, Schema>): Parts => ({ request: { body: v.object({ z: text, ...fields }) } });
const answer = (schema: Schema): Parts => ({ answer: v.object({ a: schema }) });

describe('compareOpenapi', () => {
  it.each<[string, Parts, Parts]>([
    ['a new summary', { summary: 'Buys' }, { summary: 'Sells' }],
    ['a new optional field of a request', body(text), bodyOf({ a: text, b: v.optional(text) })],
    ['a field of a request that is no longer required', body(text), body(v.optional(text))],
    ['a new value of a request', body(v.picklist(['x'])), body(v.picklist(['x', 'y']))],
    ['a request that is no longer limited to values', body(v.picklist(['x'])), body(text)],
    ['a higher limit of a request', body(v.pipe(text, v.maxLength(3))), body(v.pipe(text, v.maxLength(4)))],
    ['a new alternative of a request', body(text), body(v.union([text, v.number()]))],
    ['a new optional parameter', {}, { request: { query: v.object({ q: v.optional(text) }) } }],
    ['a session that is no longer required', { auth: 'session' }, { auth: 'none' }],
    ['a new field of an answer', answer(text), { answer: v.object({ a: text, b: text }) }],
    ['a field of an answer that is always present now', answer(v.optional(text)), answer(text)],
    ['a value that an answer no longer has', answer(v.picklist(['x', 'y'])), answer(v.picklist(['x']))],
    ['an alternative that an answer no longer has', answer(v.nullable(text)), answer(text)],
    ['an integer in place of a number', answer(v.number()), answer(v.pipe(v.number(), v.integer()))],
    ['a new error', { errors: ['NOT_FOUND'] }, { errors: ['NOT_FOUND', 'FORBIDDEN', 'RATE_LIMITED'] }],
  ])('accepts %s', (_, before, after) => {
    expect(changes(before, after)).toEqual([]);
  });

  it.each<[string, Parts, Parts, ...string[]]>([
    ['a changed path', {}, { path: '/sell' }, 'the route was removed'],
    ['a changed method', {}, { method: 'PUT' }, 'the route was removed'],
    ['a session that is required now', {}, { auth: 'session' }, 'a request with no credential is no longer accepted'],
    [
      'a parameter that was removed',
      { request: { headers: v.object({ 'x-key': v.optional(text) }) } },
      {},
      'header.X-Key: the field was removed',
    ],
    [
      'a new required parameter',
      {},
      { request: { query: v.object({ q: text }) } },
      'query.q: the field is required now',
    ],
    [
      'a parameter that is required now',
      { request: { query: v.object({ q: v.optional(text) }) } },
      { request: { query: v.object({ q: text }) } },
      'query.q: the field is required now',
    ],
    [
      'a parameter of another form',
      { request: { query: v.object({ q: v.pipe(text, v.regex(/^a/)) }) } },
      { request: { query: v.object({ q: v.pipe(text, v.regex(/^b/)) }) } },
      'query.q: pattern changed from "^a" to "^b"',
    ],
    [
      'another type of a header of a request',
      { request: { headers: v.object({ 'x-key': text }) } },
      { request: { headers: v.object({ 'x-key': v.number() }) } },
      'header.X-Key: the type changed from string to number',
    ],
    ['a new body', {}, body(text), 'body: a body is required now'],
    ['a body that was removed', body(text), {}, 'body: the body was removed'],
    ['a field of a request that was removed', body(text), bodyOf({}), 'body.a: the field was removed'],
    [
      'a new required field of a request',
      body(text),
      bodyOf({ a: text, b: text }),
      'body.b: the field is required now',
    ],
    [
      'a field of a request that is required now',
      body(v.optional(text)),
      body(text),
      'body.a: the field is required now',
    ],
    ['another type of a request', body(text), body(v.number()), 'body.a: the type changed from string to number'],
    [
      'a narrower type of a request',
      body(v.number()),
      body(v.pipe(v.number(), v.integer())),
      'body.a: the type changed from number to integer',
    ],
    [
      'a value that a request may not have any more',
      body(v.picklist(['x', 'y'])),
      body(v.picklist(['x'])),
      'body.a: no longer accepts "y"',
    ],
    ['a request that is limited to values now', body(text), body(v.picklist(['x'])), 'body.a: accepts only "x" now'],
    [
      'a lower limit of a request',
      body(v.pipe(text, v.maxLength(4))),
      body(v.pipe(text, v.maxLength(3))),
      'body.a: maxLength changed from 4 to 3',
    ],
    [
      'a new limit of a request',
      body(text),
      body(v.pipe(text, v.minLength(1))),
      'body.a: minLength changed from none to 1',
    ],
    [
      'an alternative that a request may not be any more',
      body(v.nullable(text)),
      body(text),
      'body.a: the type changed from null to string',
    ],
    [
      'another default of a request',
      body(v.optional(text, 'x')),
      body(v.optional(text, 'y')),
      'body.a: default changed from "x" to "y"',
    ],
    [
      'an item of a request',
      body(v.array(text)),
      body(v.array(v.number())),
      'body.a[items]: the type changed from string to number',
    ],
    [
      'a request that accepts no other fields now',
      body(v.object({ b: text })),
      body(v.strictObject({ b: text })),
      'body.a: other fields are no longer accepted',
    ],
    [
      'another type of fields with any name',
      answer(v.record(text, text)),
      answer(v.record(text, v.number())),
      '200.a.*: the type changed from string to number',
    ],
    ['another status', { status: 200 }, { status: 201 }, '200: the status was removed', '201: the status was added'],
    [
      'an answer where there was none',
      { status: 204 },
      { status: 204, ...answer(text) },
      '204: the content type application/json was added',
    ],
    ['an answer that was removed', answer(text), {}, '200: the content type application/json was removed'],
    [
      'an answer of text',
      answer(text),
      { answer: text },
      '200: the content type application/json was removed',
      '200: the content type text/plain was added',
    ],
    [
      'a field of an answer that was removed',
      answer(text),
      { answer: v.object({ b: text }) },
      '200.a: the field was removed',
    ],
    [
      'a field of an answer that is optional now',
      answer(text),
      answer(v.optional(text)),
      '200.a: the field is optional now',
    ],
    ['another type of an answer', answer(text), answer(v.number()), '200.a: the type changed from string to number'],
    [
      'a new value of an answer',
      answer(v.picklist(['x'])),
      answer(v.picklist(['x', 'y'])),
      '200.a: has the new value "y"',
    ],
    [
      'an answer that is no longer limited to values',
      answer(v.picklist(['x'])),
      answer(text),
      '200.a: is no longer limited to "x"',
    ],
    [
      'a new alternative of an answer',
      answer(text),
      answer(v.nullable(text)),
      '200.a: the type changed from string to null',
    ],
    [
      'a new member of a tagged union',
      { answer: v.variant('s', [v.object({ s: v.literal('x') })]) },
      { answer: v.variant('s', [v.object({ s: v.literal('x') }), v.object({ s: v.literal('y') })]) },
      '200.s: has the new value "y"',
    ],
    ['an error that was removed', { errors: ['NOT_FOUND'] }, { errors: [] }, 'the error 404 NOT_FOUND was removed'],
    [
      'an error that was replaced',
      { errors: ['FORBIDDEN'] },
      { errors: ['SNAPSHOT_USER'] },
      'the error 403 FORBIDDEN was removed',
    ],
  ])('finds %s', (_, before, after, ...findings) => {
    const labelOf = (finding: string) => (/^(the|a) /.test(finding) ? 'POST /buy: ' : 'POST /buy ');
    expect(changes(before, after)).toEqual(findings.map((finding) => labelOf(finding) + finding));
  });

  it('finds an operation that was renamed, because methods of the clients have its name', () => {
    expect(compareOpenapi(documentOf({}, 'buy'), documentOf({}, 'order'))).toEqual([
      'POST /buy: the operation buy was renamed to order',
    ]);
  });
});
