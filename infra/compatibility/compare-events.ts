import { compareSchemas, type Definition, type Schema, type Side } from './compare-schemas.ts';

/** The schema of each event as it is on the bus, by the name of the event. */
export type EventSchemas = Record<string, Schema>;

/**
 * Compares in both directions: a consumer of the old version reads new events, and a new consumer reads old events that
 * wait in a queue or in its dead letters. So a new field is compatible only if it is optional.
 *
 * @returns one line for each change that breaks a consumer
 */
export function compareEvents(before: EventSchemas, after: EventSchemas): string[] {
  return Object.entries(before).flatMap(([name, schema]) => {
    const now = after[name];
    if (!now) return [`${name}: the event was removed`];
    const compare = (side: Side) => compareSchemas(side, name, whole(schema), whole(now));
    return [...new Set([...compare('answer'), ...compare('request')])];
  });
}

function whole(schema: Schema): Definition {
  return { schema, definitions: {} };
}
