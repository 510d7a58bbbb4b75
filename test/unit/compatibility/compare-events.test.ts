import { toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { compareEvents, type EventSchemas } from '../../../infra/compatibility/compare-events.ts';

const schemasOf = (schema: v.GenericSchema, name = 'order.paid') =>
  ({ [name]: toJsonSchema(schema, { typeMode: 'output' }) }) as EventSchemas;
const changes = (before: v.GenericSchema, after: v.GenericSchema) => compareEvents(schemasOf(before), schemasOf(after));
const text = v.string();

describe('compareEvents', () => {
  it.each<[string, v.GenericSchema, v.GenericSchema]>([
    ['another description', v.object({ a: text }), v.pipe(v.object({ a: text }), v.description('d'))],
    ['a new optional field', v.object({ a: text }), v.object({ a: text, b: v.optional(text) })],
  ])('accepts %s', (_, before, after) => {
    expect(changes(before, after)).toEqual([]);
  });

  it.each<[string, v.GenericSchema, v.GenericSchema, string]>([
    ['a field that was removed', v.object({ a: text }), v.object({}), '.a: the field was removed'],
    [
      'a field that is optional now',
      v.object({ a: text }),
      v.object({ a: v.optional(text) }),
      '.a: the field is optional now',
    ],
    [
      'a new required field, which events in a queue lack',
      v.object({}),
      v.object({ a: text }),
      '.a: the field is required now',
    ],
    ['another type', v.object({ a: text }), v.object({ a: v.number() }), '.a: the type changed from string to number'],
    [
      'a new value',
      v.object({ a: v.picklist(['x']) }),
      v.object({ a: v.picklist(['x', 'y']) }),
      '.a: has the new value "y"',
    ],
    [
      'a removed value, which events in a queue have',
      v.object({ a: v.picklist(['x', 'y']) }),
      v.object({ a: v.picklist(['x']) }),
      '.a: no longer accepts "y"',
    ],
    [
      'another format',
      v.object({ a: v.pipe(text, v.isoDate()) }),
      v.object({ a: v.pipe(text, v.isoTimestamp()) }),
      '.a: format changed from "date" to "date-time"',
    ],
  ])('finds %s', (_, before, after, finding) => {
    expect(changes(before, after)).toEqual([`order.paid${finding}`]);
  });

  it('accepts a new event and reports a removed event', () => {
    const [one, two] = [schemasOf(v.object({}), 'a.b'), schemasOf(v.object({}), 'c.d')];
    expect(compareEvents(one, { ...one, ...two })).toEqual([]);
    expect(compareEvents({ ...one, ...two }, one)).toEqual(['c.d: the event was removed']);
  });
});
