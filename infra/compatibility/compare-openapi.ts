import type { Content, OpenapiDocument, Operation, Parameter, Response } from '../../lib/http/openapi/types.ts';
import { compareSchemas, type Definition, type Schema, type Side } from './compare-schemas.ts';

/** An operation of one version. */
interface Described {
  document: OpenapiDocument;
  operation: Operation;
}

/** @returns one line for each change of the HTTP API that breaks a client of `before` */
export function compareOpenapi(before: OpenapiDocument, after: OpenapiDocument): string[] {
  const routes = Object.entries(before.paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).flatMap(([verb, operation]) => {
      const route = `${verb.toUpperCase()} ${path}`;
      const now = after.paths[path]?.[verb];
      if (!now) return [`${route}: the route was removed`];
      return compareOperations(route, { document: before, operation }, { document: after, operation: now });
    }),
  );
  return [...serverFindings(before, after), ...routes];
}

/** Clients build their addresses from the servers, and usually take the first one. So the order counts, too. */
function serverFindings(before: OpenapiDocument, after: OpenapiDocument): string[] {
  const [old, now] = [before, after].map(({ servers }) => servers.map(({ url }) => url).join(', '));
  return old === now ? [] : [`servers: changed from ${old || 'none'} to ${now || 'none'}`];
}

function compareOperations(route: string, before: Described, after: Described): string[] {
  const [old, now] = [before.operation, after.operation];
  return [
    ...(old.operationId === now.operationId
      ? []
      : [`${route}: the operation ${old.operationId} was renamed to ${now.operationId}`]),
    ...securityFindings(route, before, after),
    ...parameterFindings(route, before, after),
    ...bodyFindings(route, before, after),
    ...answerFindings(route, before, after),
    ...codeFindings(route, old, now),
  ];
}

/** Every combination of credentials that sufficed in the old version must still suffice. */
function securityFindings(route: string, before: Described, after: Described): string[] {
  const accepted = combinationsOf(after);
  return combinationsOf(before)
    .filter(({ schemes }) => !accepted.some((needed) => needed.schemes.every((scheme) => schemes.includes(scheme))))
    .map(({ names }) => `${route}: a request with ${names} is no longer accepted`);
}

interface Combination {
  names: string;
  /** The definitions of the schemes, without their descriptions. */
  schemes: string[];
}

/** Each combination of credentials that suffices for the operation. */
function combinationsOf({ document, operation: { security } }: Described): Combination[] {
  const all = document.components.securitySchemes;
  const alternatives = security.length === 0 ? [{}] : security;
  return alternatives.map((alternative) => {
    const names = Object.keys(alternative);
    const schemes = names.map((name) => JSON.stringify({ ...all[name], description: undefined }));
    return { names: names.join(' and ') || 'no credential', schemes };
  });
}

/** The parameters of one place count as the fields of one object. */
function parameterFindings(route: string, before: Described, after: Described): string[] {
  const all = [...before.operation.parameters, ...after.operation.parameters];
  const places = new Set(all.map((parameter) => parameter.in));
  return [...places].flatMap((place) => {
    const schemaIn = ({ operation: { parameters } }: Described) =>
      fieldsOf(parameters.filter((parameter) => parameter.in === place));
    return compareIn('request', `${route} ${place}`, [before, schemaIn(before)], [after, schemaIn(after)]);
  });
}

/** The schema of an object with these fields. */
function fieldsOf(fields: Pick<Parameter, 'name' | 'required' | 'schema'>[]): Schema {
  return {
    properties: Object.fromEntries(fields.map(({ name, schema }) => [name, schema])),
    required: fields.filter(({ required }) => required).map(({ name }) => name),
  };
}

/** The headers of an answer count as the fields of one object. */
function headersOf({ headers = {} }: Response): Schema {
  return fieldsOf(Object.entries(headers).map(([name, header]) => ({ name, ...header })));
}

function bodyFindings(route: string, before: Described, after: Described): string[] {
  const [old, now] = [before.operation.requestBody, after.operation.requestBody];
  const label = `${route} body`;
  if (old && !now) return [`${label}: the body was removed`];
  const demanded = now?.required && !old?.required ? [`${label}: a body is required now`] : [];
  if (!old || !now) return demanded;
  return [...demanded, ...contentFindings('request', label, [before, old.content], [after, now.content])];
}

function answerFindings(route: string, before: Described, after: Described): string[] {
  const [was, is] = [before.operation.responses, after.operation.responses];
  return Object.keys({ ...was, ...is }).flatMap((status) => {
    const label = `${route} ${status}`;
    const [old, now] = [was[status], is[status]];
    // codeFindings compares which errors there are.
    if (!old || !now) return isError(status) ? [] : [`${label}: the status was ${old ? 'removed' : 'added'}`];
    return [
      ...compareIn('answer', `${label} header`, [before, headersOf(old)], [after, headersOf(now)]),
      ...contentFindings('answer', label, [before, contentOf(status, old)], [after, contentOf(status, now)]),
    ];
  });
}

/** The content of an answer. The code of an error may have any value here. */
function contentOf(status: string, { content = {} }: Response): Content {
  if (!isError(status)) return content;
  const anyCode = ({ schema }: Content[string]) => ({
    schema: { ...schema, properties: { ...schema.properties, code: {} } },
  });
  return Object.fromEntries(Object.entries(content).map(([type, one]) => [type, anyCode(one)]));
}

type Contents = [Described, Content];

/** A client does not expect a new content type of an answer, nor a body where there was none. */
function contentFindings(side: Side, label: string, [before, old]: Contents, [after, now]: Contents): string[] {
  return Object.keys({ ...old, ...now }).flatMap((type) => {
    const [from, to] = [old[type], now[type]];
    if (from && to) return compareIn(side, label, [before, from.schema], [after, to.schema]);
    if (side === 'request' && to) return [];
    return [`${label}: the content type ${type} was ${from ? 'removed' : 'added'}`];
  });
}

/** Errors about input. They may disappear together with the last input. */
const ABOUT_INPUT = ['400 PARAM_ERROR', '413 BODY_TOO_LARGE'];

/**
 * A code may disappear or get another status only in a breaking version, because clients act on it. A new code is
 * compatible: clients handle an unknown code by its status.
 */
function codeFindings(route: string, old: Operation, now: Operation): string[] {
  const takesInput = now.requestBody !== undefined || now.parameters.length > 0;
  const kept = [...(takesInput ? [] : ABOUT_INPUT), ...codesOf(now)];
  return codesOf(old)
    .filter((code) => !kept.includes(code))
    .map((code) => `${route}: the error ${code} was removed`);
}

/** `<status> <code>` of every error. */
function codesOf({ responses }: Operation): string[] {
  return Object.entries(responses)
    .filter(([status]) => isError(status))
    .flatMap(([status, { content }]) => {
      const { properties = {} } = (content?.['application/json']?.schema ?? {}) as {
        properties?: Record<string, Schema>;
      };
      const { enum: codes = [] } = (properties['code'] ?? {}) as { enum?: string[] };
      return codes.map((code) => `${status} ${code}`);
    });
}

function isError(status: string): boolean {
  return Number(status) >= 400;
}

type Part = [Described, object];

function compareIn(side: Side, label: string, before: Part, after: Part): string[] {
  return compareSchemas(side, label, definitionOf(before), definitionOf(after));
}

function definitionOf([{ document }, schema]: Part): Definition {
  const definitions = Object.entries(document.components.schemas).map(([name, its]) => [
    `#/components/schemas/${name}`,
    its,
  ]);
  return { schema: schema as Schema, definitions: Object.fromEntries(definitions) as Record<string, Schema> };
}
