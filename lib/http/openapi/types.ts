import type { JsonSchema } from '@valibot/to-json-schema';

export type { JsonSchema };

/** The part of OpenAPI 3.1 that this API uses. A type alias, because an interface is not assignable to a record. */
export type OpenapiDocument = {
  openapi: string;
  info: { title: string; version: string; description: string };
  servers: { url: string }[];
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, JsonSchema>; securitySchemes: Record<string, object> };
};

export interface Operation {
  operationId: string;
  tags: [string];
  summary: string;
  security: Record<string, never[]>[];
  parameters: Parameter[];
  requestBody?: { required: boolean; content: Content };
  responses: Record<string, Response>;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  schema: JsonSchema;
}

export interface Response {
  description: string;
  headers?: Record<string, { required: boolean; schema: JsonSchema }>;
  content?: Content;
}

/** The schema of a body, by media type. */
export type Content = Record<string, { schema: JsonSchema }>;
