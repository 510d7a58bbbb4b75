// Compares lib/events/README.md, which the developers of consumers read, with the event schemas.
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { detailSchema, SCHEMAS, type EventName } from '../../../../lib/events/schemas.ts';

const page = readFileSync('lib/events/README.md', 'utf8');
const source = readFileSync('lib/events/schemas.ts', 'utf8');
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

/** Returns the comment of a schema as one line. The bundles contain no descriptions. */
function commentOn(name: EventName): string | undefined {
  const [, comment] = new RegExp(`/\\*\\*((?:[^*]|\\*(?!/))*)\\*/\\s+'${name}': `).exec(source) ?? [];
  return comment?.replaceAll(/\s+(\* )?/g, ' ').trim();
}

describe('lib/events/README.md', () => {
  it('has a section for each event, and no other section', () => {
    expect(sections.map(({ name }) => name)).toEqual(Object.keys(SCHEMAS));
  });

  it.each(sections)('describes $name like its schema, with a valid example', ({ name, about, example }) => {
    expect(about).toBe(commentOn(name));
    // The comparison is exact, because the schema drops unknown fields.
    expect(v.parse(detailSchema(name), example)).toEqual(example);
    expect((example as { id: string }).id).toMatch(new RegExp(`^${name}:.`));
  });
});
