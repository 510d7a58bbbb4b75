import { describe, expect, it } from 'vitest';
import { assertSupported, passes, type Pattern } from '../../../infra/service/stream-filter.ts';

const RECORD = {
  eventName: 'MODIFY',
  userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
  dynamodb: {
    Keys: { pk: { S: 'ORDER#1' } },
    NewImage: {
      pk: { S: 'ORDER#1' },
      count: { N: '2' },
      open: { BOOL: true },
      nothing: { NULL: true },
      empty: { S: '' },
      tags: { SS: ['red', 'blue'] },
      lines: { L: [{ M: { sku: { S: 'coffee' } } }, { M: { sku: { S: 'top-up' } } }] },
    },
  },
};
const image = (field: object) => ({ dynamodb: { NewImage: field } }) as Pattern;

describe('the filter of a stream', () => {
  it.each<[string, Pattern, boolean]>([
    ['a value of the list', { eventName: ['INSERT', 'MODIFY'] }, true],
    ['no value of the list', { eventName: ['INSERT', 'REMOVE'] }, false],
    ['every field', { eventName: ['MODIFY'], ...image({ open: { BOOL: [true] } }) }, true],
    ['all fields but one', { eventName: ['MODIFY'], ...image({ open: { BOOL: [false] } }) }, false],
    ['numbers, which are strings', image({ count: { N: ['2'] } }), true],
    ['a number that is none', image({ count: { N: [2] } }), false],
    ['an empty list of values', { eventName: [] }, false],
    ['what is not there', image({ other: { S: ['x'] } }), false],
    ['a name that every object has', image({ toString: { name: [{ exists: true }] } }), false],
    ['the end of life', { userIdentity: { type: ['Service'], principalId: ['dynamodb.amazonaws.com'] } }, true],

    ['exists', image({ pk: { S: [{ exists: true }] } }), true],
    ['exists, of an empty string', image({ empty: { S: [{ exists: true }] } }), true],
    ['exists, of another type', image({ count: { S: [{ exists: true }] } }), false],
    ['exists, of what is not there', image({ followUp: { S: [{ exists: true }] } }), false],
    ['exists, of a map: AWS sees values only', image({ pk: [{ exists: true }] }), false],
    ['exists not', image({ followUp: { S: [{ exists: false }] } }), true],
    ['exists not, but does', image({ pk: { S: [{ exists: false }] } }), false],
    ['exists not, where there is no image', { dynamodb: { OldImage: { pk: { S: [{ exists: false }] } } } }, true],

    ['prefix', { dynamodb: { Keys: { pk: { S: [{ prefix: 'ORDER#' }] } } } }, true],
    ['another prefix', { dynamodb: { Keys: { pk: { S: [{ prefix: 'EVENT#' }] } } } }, false],
    ['prefix, of what is not there', image({ other: { S: [{ prefix: '' }] } }), false],
    ['suffix', image({ pk: { S: [{ suffix: '#1' }] } }), true],

    ['anything but another', image({ pk: { S: [{ 'anything-but': 'ORDER#2' }] } }), true],
    ['anything but this', image({ pk: { S: [{ 'anything-but': ['ORDER#1', 'ORDER#2'] }] } }), false],
    ['anything but another prefix', image({ pk: { S: [{ 'anything-but': { prefix: 'EVENT#' } }] } }), true],
    ['anything but this prefix', image({ pk: { S: [{ 'anything-but': { prefix: 'ORDER#' } }] } }), false],
    ['anything but, of what is not there', image({ other: { S: [{ 'anything-but': 'x' }] } }), false],

    ['one rule of several', image({ pk: { S: ['x', { prefix: 'ORDER#' }] } }), true],
    ['a member of a set', image({ tags: { SS: ['blue'] } }), true],
    ['a field inside a list', image({ lines: { L: { M: { sku: { S: ['top-up'] } } } } }), true],
    ['a field inside a list that no item has', image({ lines: { L: { M: { sku: { S: ['tea'] } } } } }), false],
  ])('%s', (_what, pattern, expected) => {
    expect(passes([pattern], RECORD)).toBe(expected);
  });

  it('matches by one of its patterns, and matches everything without a pattern', () => {
    expect(passes([{ eventName: ['REMOVE'] }, { eventName: ['MODIFY'] }], RECORD)).toBe(true);
    expect(passes([{ eventName: ['REMOVE'] }, { eventName: ['INSERT'] }], RECORD)).toBe(false);
    expect(passes([], RECORD)).toBe(true);
  });

  it('rejects an unsupported pattern by name', () => {
    const understood = image({ a: { S: ['x', null, { prefix: 'x' }, { 'anything-but': ['y'] }, { exists: false }] } });
    expect(() => assertSupported(understood)).not.toThrow();
    expect(() => assertSupported(image({ a: { N: [{ numeric: ['>', 1] }] } }))).toThrow('{"numeric":[">",1]}');
    expect(() => assertSupported({ $or: [{ eventName: ['INSERT'] }] })).toThrow('$or');
    expect(() => assertSupported({ eventName: 'INSERT' })).toThrow('"INSERT"');
    expect(() => assertSupported({ eventName: [{}] })).toThrow('{}');
    expect(() => assertSupported({ eventName: [{ prefix: 'I', exists: true }] })).toThrow('prefix');
    expect(() => assertSupported({ eventName: [{ toString: 1 }] })).toThrow('toString');
  });
});
