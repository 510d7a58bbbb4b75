// The page is what the teams on the other side of the bus read: it must not lag behind.
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { detailSchema, SCHEMAS, type EventName } from '../../../../lib/events/schemas.ts';

const page = readFileSync('lib/events/README.md', 'utf8');
const sections = page
  .split(/^## /m)
  .slice(1)
  .map((section) => {
    const [, name, about, json] = /^(\S+)\n\n(.+?)\n\n```json\n(.+?)```/s.exec(section) ?? [];
    return {
      name: name as EventName,
      about: about?.replaceAll('\n', ' '),
      example: JSON.parse(json ?? 'null') as unknown,
    };
  });

describe('the page about the events', () => {
  it('has every event, and no other', () => {
    expect(sections.map(({ name }) => name)).toEqual(Object.keys(SCHEMAS));
  });

  it.each(sections)('says of $name what its schema says, with an example of it', ({ name, about, example }) => {
    expect(about).toBe(v.getDescription(SCHEMAS[name]));
    // Whole: the schema drops what it does not know.
    expect(v.parse(detailSchema(name), example)).toEqual(example);
    expect((example as { id: string }).id).toMatch(new RegExp(`^${name}:.`));
  });
});
