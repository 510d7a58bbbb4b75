import { readFileSync, writeFileSync } from 'node:fs';
import { toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { VERSION } from '../../lib/core/version.ts';
import { detailSchema, SCHEMAS, SOURCE, type EventName } from '../../lib/events/schemas.ts';
import { buildOpenapi } from '../../lib/http/openapi/document.ts';
import { ENDPOINTS } from '../../lib/http/openapi/endpoints.ts';
import type { OpenapiDocument } from '../../lib/http/openapi/types.ts';
import { compareEvents, type EventSchemas } from './compare-events.ts';
import { compareOpenapi } from './compare-openapi.ts';
import { allowsBreaking, isOlder } from './version.ts';

/** The parts of a version that other programs depend on. */
export interface Contract {
  version: string;
  openapi: OpenapiDocument;
  events: EventSchemas;
}

/** The contract of this code. */
export function currentContract(): Contract {
  const events = (Object.keys(SCHEMAS) as EventName[]).map((name) => {
    const schema = schemaOnBus(name);
    const { $schema: _, ...converted } = toJsonSchema(schema, { target: 'draft-2020-12', typeMode: 'output' });
    return [name, converted];
  });
  return { version: VERSION, openapi: buildOpenapi(ENDPOINTS), events: Object.fromEntries(events) as EventSchemas };
}

/** The part of an event on the bus that this code writes. Rules match its `source` and `detail-type`. */
function schemaOnBus(name: EventName) {
  return v.object({ source: v.literal(SOURCE), 'detail-type': v.literal(name), detail: detailSchema(name) });
}

const FOLDER = new URL('released/', import.meta.url);

/** The contract of the last release, from the folder `released`. */
export function readReleased(): Contract {
  const read = (name: string) => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as unknown;
  const openapi = read('openapi.json') as OpenapiDocument;
  return { version: openapi.info.version, openapi, events: read('events.json') as EventSchemas };
}

/** Writes a contract into the folder `released`. */
export function writeReleased({ openapi, events }: Contract): void {
  for (const [name, content] of Object.entries({ 'openapi.json': openapi, 'events.json': events })) {
    writeFileSync(new URL(name, FOLDER), `${JSON.stringify(content, null, 2)}\n`);
  }
}

export interface Comparison {
  /** One line for each change that breaks a client or a consumer of the released version. */
  breaking: string[];
  /** Whether the version number of `current` permits these changes. */
  allowed: boolean;
}

/** @throws Error when `current` has a lower version than `released` */
export function compareContracts(released: Contract, current: Contract): Comparison {
  if (isOlder(current.version, released.version)) {
    throw new Error(`The version ${current.version} comes before ${released.version}, which is released.`);
  }
  const breaking = [
    ...compareOpenapi(released.openapi, current.openapi),
    ...compareEvents(released.events, current.events),
  ];
  return { breaking, allowed: breaking.length === 0 || allowsBreaking(released.version, current.version) };
}
