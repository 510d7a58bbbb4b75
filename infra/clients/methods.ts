import type { JsonSchema, OpenapiDocument, Operation, Parameter, Response } from '../../lib/http/openapi/types.ts';

/** One method of a client. */
export interface Method {
  name: string;
  summary: string;
  verb: string;
  path: string;
  /** Parameters with their names in the method. All other fields are the body. */
  parameters: (Pick<Parameter, 'in' | 'name'> & { field: string })[];
  hasBody: boolean;
  /** Whether the method uploads a file. Its argument differs between platforms. */
  isUpload: boolean;
  takes: JsonSchema | undefined;
  /** Whether the whole argument may be left out. */
  isOptional: boolean;
  /** Undefined for a response without content. */
  answers: JsonSchema | undefined;
  codes: string[];
  /** Whether the method returns an address that the browser must open. */
  isRedirect: boolean;
}

/** For monitors, other services and WeChat. */
const TAG_WITHOUT_METHODS = 'Service';

/** Returns the methods of the clients, in the order of the document. */
export function methodsOf({ paths }: OpenapiDocument): Method[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, { tags }]) => !tags.includes(TAG_WITHOUT_METHODS))
      .map(([verb, operation]) => method(verb.toUpperCase(), path, operation)),
  );
}

function method(verb: string, path: string, operation: Operation): Method {
  const { operationId: name, summary, requestBody, responses } = operation;
  const parameters = operation.parameters.map((parameter) => ({ ...parameter, field: fieldOf(parameter) }));
  const body = requestBody && schemaOf(requestBody);
  const isUpload = requestBody !== undefined && 'multipart/form-data' in requestBody.content;
  const [[status, success], ...failures] = Object.entries(responses) as [[string, Response], ...[string, Response][]];
  const takes = taken(parameters, body);
  const isRequired = requestBody?.required || parameters.some(({ required }) => required);
  return {
    // The method returns an address and performs no action.
    name: status === '302' ? `${name}Url` : name,
    summary,
    verb,
    path,
    parameters,
    hasBody: body !== undefined,
    isUpload,
    takes,
    isOptional: takes !== undefined && !isRequired,
    answers: schemaOf(success),
    codes: failures.flatMap(([, response]) => codesOf(response)),
    isRedirect: status === '302',
  };
}

/** Merges parameters and body into the fields of one object. */
function taken(parameters: (Parameter & { field: string })[], body: JsonSchema | undefined): JsonSchema | undefined {
  if (parameters.length === 0) return body;
  const { properties = {}, required = [] } = body ?? {};
  const clash = parameters.find(({ field }) => field in properties);
  if (clash || (body && body.type !== 'object'))
    throw new TypeError(`A body cannot have parameters beside it: ${JSON.stringify(body)}`);
  return {
    type: 'object',
    properties: { ...Object.fromEntries(parameters.map(({ field, schema }) => [field, schema])), ...properties },
    required: [...parameters.filter((parameter) => parameter.required).map(({ field }) => field), ...required],
  };
}

/** Returns the field of a parameter: `X-Poll-Token` becomes `pollToken`. */
function fieldOf({ in: place, name }: Parameter): string {
  if (place !== 'header') return name;
  const words = name.replace(/^X-/, '').split('-');
  return words.map((word, index) => (index === 0 ? word.toLowerCase() : word)).join('');
}

function schemaOf({ content }: Pick<Response, 'content'>): JsonSchema | undefined {
  return content?.['application/json']?.schema;
}

function codesOf(failure: Response): string[] {
  const { code } = schemaOf(failure)!.properties!;
  return (code as { enum: string[] }).enum;
}
