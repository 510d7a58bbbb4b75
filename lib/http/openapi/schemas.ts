import { toJsonSchema, toJsonSchemaDefs, type ConversionConfig } from '@valibot/to-json-schema';
import * as v from 'valibot';
import type { ErrorCode } from '../../core/errors.ts';
import { jsapiPayment, payment } from '../api/pay.ts';
import { order, session, user } from '../api/shared.ts';
import { STATUS } from '../error-response.ts';
import type { JsonSchema } from './types.ts';

const errorCode = v.picklist(Object.keys(STATUS) as ErrorCode[]);

/** Named parts of answers. */
const COMPONENTS = {
  User: user,
  Session: session,
  Order: order,
  JsapiPayment: jsapiPayment,
  Payment: payment,
  ErrorCode: errorCode,
  Error: v.object({
    code: errorCode,
    message: v.string(),
    requestId: v.string(),
    detail: v.optional(v.record(v.string(), v.unknown())),
  }),
};

/** Options for answers. `v.object` drops unknown fields, so an object has no additional properties. */
const ANSWER = {
  target: 'draft-2020-12',
  typeMode: 'output',
  overrideSchema: ({ valibotSchema, jsonSchema }) =>
    valibotSchema.type === 'object' ? { ...jsonSchema, additionalProperties: false } : undefined,
  overrideRef: ({ referenceId }) => componentRef(referenceId as keyof typeof COMPONENTS),
} satisfies ConversionConfig;

/**
 * Returns the JSON Schema of valid input: before transformations, and with unknown fields allowed.
 * @throws Error for a schema that JSON Schema cannot express
 */
export function requestSchema(schema: v.GenericSchema): JsonSchema {
  return withoutEnvelope(toJsonSchema(schema, { target: 'draft-2020-12', typeMode: 'input' }));
}

/**
 * Returns the JSON Schema of an answer, without additional fields. Named parts are references.
 * @throws Error for a schema that JSON Schema cannot express
 */
export function answerSchema(schema: v.GenericSchema): JsonSchema {
  return withoutEnvelope(toJsonSchema(schema, { ...ANSWER, definitions: COMPONENTS }));
}

/** Returns the schemas of the named parts. */
export function componentSchemas(): Record<string, JsonSchema> {
  return toJsonSchemaDefs(COMPONENTS, ANSWER);
}

/** Returns the reference to a named part. */
export function componentRef(name: keyof typeof COMPONENTS): string {
  return `#/components/schemas/${name}`;
}

/**
 * Removes `$schema` and `$defs`: an OpenAPI document implies the dialect and has its definitions under `components`.
 */
function withoutEnvelope(converted: JsonSchema): JsonSchema {
  const { $schema: _, $defs: __, ...schema } = converted;
  return schema;
}
