import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compareContracts, currentContract, readReleased } from '../../../infra/compatibility/contract.ts';
import { allowsBreaking } from '../../../infra/compatibility/version.ts';
import { VERSION } from '../../../lib/core/version.ts';

const json = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as { version: string };

describe('the version', () => {
  it('is the same in package.json, package-lock.json, the code and the OpenAPI document', () => {
    const versions = [json('package.json').version, json('package-lock.json').version, VERSION];
    expect(new Set([...versions, currentContract().openapi.info.version])).toEqual(new Set([VERSION]));
  });

  it('is the newest version in the changelog', () => {
    const [, newest] = /^## (\d+\.\d+\.\d+)/m.exec(readFileSync('.github/CHANGELOG.md', 'utf8')) ?? [];
    expect(newest).toBe(VERSION);
  });
});

describe('a breaking change', () => {
  it.each([
    ['0.2.0', '0.2.1', false],
    ['0.2.0', '0.3.0', true],
    ['0.2.0', '1.0.0', true],
    ['1.2.0', '1.3.0', false],
    ['1.2.0', '2.0.0', true],
  ])('after %s in %s is allowed: %s', (released, next, allowed) => {
    expect(allowsBreaking(released, next)).toBe(allowed);
  });

  it('of the API and of the events fails unless the version permits it', () => {
    const [released, current] = [structuredClone(currentContract()), structuredClone(currentContract())];
    delete current.openapi.paths['/me']!['get'];
    delete current.events['order.paid'];
    expect(compareContracts(released, current)).toEqual({
      breaking: ['GET /me: the route was removed', 'order.paid: the event was removed'],
      allowed: false,
    });
    expect(compareContracts(released, { ...current, version: '1.0.0' })).toMatchObject({ allowed: true });
  });
});

describe('the envelope of an event', () => {
  const fieldsOf = (schema: unknown) => (schema as { properties: Record<string, unknown> }).properties;

  it.each(['source', 'detail-type', 'detail', 'detail.id', 'detail.at', 'detail.data'])('keeps %s', (path) => {
    const [released, current] = [structuredClone(currentContract()), structuredClone(currentContract())];
    const event = fieldsOf(current.events['user.closed']);
    const [name, fields] = path.startsWith('detail.') ? [path.slice(7), fieldsOf(event['detail'])] : [path, event];
    expect(fields).toHaveProperty(name);
    delete fields[name];
    expect(compareContracts(released, current).breaking).toEqual([`user.closed.${path}: the field was removed`]);
  });

  it('has the source and the name that rules match', () => {
    expect(fieldsOf(currentContract().events['user.closed'])).toMatchObject({
      source: { const: 'wechat-lambda' },
      'detail-type': { const: 'user.closed' },
    });
  });
});

describe('the released contract', () => {
  it('has every route and event with an operation or a schema', () => {
    const { openapi, events, version } = readReleased();
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(Object.keys(openapi.paths).length).toBeGreaterThan(15);
    expect(Object.keys(events).length).toBeGreaterThan(10);
  });

  it('has no higher version than the code', () => {
    const released = { ...readReleased(), version: '99.0.0' };
    expect(() => compareContracts(released, currentContract())).toThrow('comes before 99.0.0');
  });
});
