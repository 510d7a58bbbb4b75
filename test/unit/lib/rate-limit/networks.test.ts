import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { networksOf } from '../../../../lib/rate-limit/networks.ts';

const namesOf = (address: string) => networksOf(address).map(({ name }) => name);
const group = fc.integer({ min: 0, max: 0xffff });
const groups = fc.tuple(group, group, group, group, group, group, group, group);
/** Writes an address with all groups, of which `width` pads each. */
const long = (parts: number[], width: number) => parts.map((part) => part.toString(16).padStart(width, '0')).join(':');
/** Writes an address with its first run of zeros, which begins at `from`, as `::`. */
const short = (parts: number[], from: number) => {
  const end = parts.findIndex((part, at) => at >= from && part !== 0);
  const [head, tail] = [parts.slice(0, from), end === -1 ? [] : parts.slice(end)];
  return `${long(head, 1)}::${long(tail, 1)}`;
};

describe('networksOf', () => {
  it.each([
    ['203.0.113.9', ['203.0.113.9']],
    ['::ffff:203.0.113.9', ['203.0.113.9']],
    ['::FFFF:cb00:7109', ['203.0.113.9']],
    ['0:0:0:0:0:ffff:203.0.113.9', ['203.0.113.9']],
    ['::ffff:0.0.0.1', ['0.0.0.1']],
    ['::1', ['0:0:0:0::/64', '0:0:0:0::/56', '0:0:0::/48']],
    ['::203.0.113.9', ['0:0:0:0::/64', '0:0:0:0::/56', '0:0:0::/48']],
    ['2001:db8:1:2::1', ['2001:db8:1:2::/64', '2001:db8:1:0::/56', '2001:db8:1::/48']],
    ['2001:0DB8:0001:ab02:ffff::9', ['2001:db8:1:ab02::/64', '2001:db8:1:ab00::/56', '2001:db8:1::/48']],
    ['2001:db8::', ['2001:db8:0:0::/64', '2001:db8:0:0::/56', '2001:db8:0::/48']],
    ['fe80::1%eth0', ['fe80:0:0:0::/64', 'fe80:0:0:0::/56', 'fe80:0:0::/48']],
    ['', ['no-address']],
    ['203.0.113.9:443', ['no-address']],
    ['010.0.0.1', ['no-address']],
    ['[2001:db8::1]', ['no-address']],
  ])('counts %s as %j', (address, names) => {
    expect(namesOf(address)).toEqual(names);
  });

  it('gives a /56 four times, and a /48 thirty-two times, the limit of a /64', () => {
    expect(networksOf('2001:db8::1').map(({ factor }) => factor)).toEqual([1, 4, 32]);
  });

  it('counts every spelling of an IPv6 address under the same names', () => {
    fc.assert(
      fc.property(groups, fc.integer({ min: 0, max: 7 }), fc.integer({ min: 1, max: 4 }), (parts, at, zeros) => {
        const spelled = parts.map((part, index) => (index >= at && index < at + zeros ? 0 : part));
        const names = namesOf(long(spelled, 4));
        expect(namesOf(long(spelled, 1))).toEqual(names);
        expect(namesOf(long(spelled, 4).toUpperCase())).toEqual(names);
        expect(namesOf(short(spelled, at))).toEqual(names);
      }),
    );
  });

  it('counts two addresses together exactly if they share the bits of the network', () => {
    fc.assert(
      fc.property(groups, groups, fc.constantFrom(0, 16, 47, 48, 55, 56, 63, 64, 128), (one, other, shared) => {
        fc.pre(one[0] !== 0 && other[0] !== 0);
        const second = other.map((part, at) => {
          const own = 0xffff >> Math.min(Math.max(shared - 16 * at, 0), 16);
          return (one[at]! & ~own) | (part & own);
        });
        const bits = (parts: number[]) => parts.map((part) => part.toString(2).padStart(16, '0')).join('');
        const isSame = (length: number) => bits(one).slice(0, length) === bits(second).slice(0, length);
        const [names, otherNames] = [namesOf(long(one, 1)), namesOf(long(second, 1))];
        expect(names.map((name, at) => name === otherNames[at])).toEqual([isSame(64), isSame(56), isSame(48)]);
      }),
    );
  });

  it('counts an IPv4 address and its two mapped spellings under one name', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const [a, b, c, d] = address.split('.').map(Number) as [number, number, number, number];
        const hex = `::ffff:${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
        expect([namesOf(`::ffff:${address}`), namesOf(hex)]).toEqual([[address], [address]]);
      }),
    );
  });

  it('returns short names for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 500 }), fc.ipV6(), fc.ipV4()), (text) => {
        for (const name of namesOf(text)) expect(name.length).toBeLessThan(30);
      }),
    );
  });
});
