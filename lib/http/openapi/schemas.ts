import { toJsonSchema, toJsonSchemaDefs, type ConversionConfig } from '@valibot/to-json-schema';
import * as v from 'valibot';
import type { ErrorCode } from '../../core/errors.ts';
import { jsapiPayment, order, payment } from '../api/pay.ts';
import { session, user } from '../api/shared.ts';
import { STATUS } from '../error-response.ts';
import type { JsonSchema } from './types.ts';

const errorCode = v.picklist(Object.keys(STATUS) as ErrorCode[]);

/** Parts of answers that have a name. */
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

/** What comes out of `v.object` has no other fields: those were dropped. */
const ANSWER = {
  target: 'draft-2020-12',
  typeMode: 'output',
  overrideSchema: ({ valibotSchema, jsonSchema }) =>
    valibotSchema.type === 'object' ? { ...jsonSchema, additionalProperties: false } : undefined,
  overrideRef: ({ referenceId }) => componentRef(referenceId as keyof typeof COMPONENTS),
} satisfies ConversionConfig;

/**
 * What a client may send: before transformations, and with fields that we do not know.
 * @throws Error for what JSON Schema cannot express
 */
export function requestSchema(schema: v.GenericSchema): JsonSchema {
  return withoutEnvelope(toJsonSchema(schema, { target: 'draft-2020-12', typeMode: 'input' }));
}

/**
 * What we answer, to the field; named parts are references.
 * @throws Error for what JSON Schema cannot express
 */
export function answerSchema(schema: v.GenericSchema): JsonSchema {
  return withoutEnvelope(toJsonSchema(schema, { ...ANSWER, definitions: COMPONENTS }));
}

/** What the references lead to. */
export function componentSchemas(): Record<string, JsonSchema> {
  return toJsonSchemaDefs(COMPONENTS, ANSWER);
}

export function componentRef(name: keyof typeof COMPONENTS): string {
  return `#/components/schemas/${name}`;
}

/** OpenAPI says by itself which JSON Schema it means, and has the definitions elsewhere. */
function withoutEnvelope(converted: JsonSchema): JsonSchema {
  const { $schema: _, $defs: __, ...schema } = converted;
  return schema;
}
