import type { Content, OpenapiDocument, Operation, Parameter, Response } from '../../lib/http/openapi/types.ts';
import { compareSchemas, type Definition, type Schema, type Side } from './compare-schemas.ts';

/** An operation of one version. */
interface Described {
  document: OpenapiDocument;
  operation: Operation;
}

/** @returns one line for each change of the HTTP API that breaks a client of `before` */
export function compareOpenapi(before: OpenapiDocument, after: OpenapiDocument): string[] {
  return Object.entries(before.paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).flatMap(([verb, operation]) => {
      const route = `${verb.toUpperCase()} ${path}`;
      const now = after.paths[path]?.[verb];
      if (!now) return [`${route}: the route was removed`];
      return compareOperations(route, { document: before, operation }, { document: after, operation: now });
    }),
  );
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

/** Every credential that the old version accepted must still be accepted. */
function securityFindings(route: string, before: Described, after: Described): string[] {
  const [old, now] = [schemesOf(before), schemesOf(after)];
  if (now.size === 0) return [];
  if (old.size === 0) return [`${route}: a session is required now`];
  return [...old]
    .filter(([, scheme]) => ![...now.values()].includes(scheme))
    .map(([name]) => `${route}: the credential ${name} is no longer accepted`);
}

/** The security schemes of an operation by name, without their descriptions. */
function schemesOf({ document, operation }: Described): Map<string, string> {
  const schemes = document.components.securitySchemes as Record<string, Record<string, unknown>>;
  const names = operation.security.flatMap((alternative) => Object.keys(alternative));
  return new Map(names.map((name) => [name, JSON.stringify({ ...schemes[name], description: undefined })]));
}

function parameterFindings(route: string, before: Described, after: Described): string[] {
  const labelOf = ({ in: place, name }: Parameter) => `${route} ${place} ${name}`;
  const [old, now] = [before, after].map(
    ({ operation }) => new Map(operation.parameters.map((parameter) => [labelOf(parameter), parameter])),
  ) as [Map<string, Parameter>, Map<string, Parameter>];
  const removed = [...old.keys()].filter((label) => !now.has(label));
  const demanded = [...now].filter(([label, { required }]) => required && !old.get(label)?.required);
  const shared = [...old].filter(([label]) => now.has(label));
  return [
    ...removed.map((label) => `${label}: the parameter was removed`),
    ...demanded.map(([label]) => `${label}: the parameter is required now`),
    ...shared.flatMap(([label, { schema }]) =>
      compareIn('request', label, [before, schema], [after, now.get(label)!.schema]),
    ),
  ];
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
  return Object.entries(before.operation.responses).flatMap(([status, old]) => {
    const label = `${route} ${status}`;
    const now = after.operation.responses[status];
    // codeFindings compares which errors there are.
    if (!now) return isError(status) ? [] : [`${label}: the status was removed`];
    return [
      ...headerFindings(label, old, now),
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

function headerFindings(label: string, old: Response, now: Response): string[] {
  return Object.entries(old.headers ?? {})
    .filter(([name, { required }]) => required && !now.headers?.[name]?.required)
    .map(([name]) => `${label} header ${name}: the header is no longer always present`);
}

type Contents = [Described, Content];

function contentFindings(side: Side, label: string, [before, old]: Contents, [after, now]: Contents): string[] {
  return Object.entries(old).flatMap(([type, { schema }]) => {
    const content = now[type];
    if (!content) return [`${label}: the content type ${type} was removed`];
    return compareIn(side, label, [before, schema], [after, content.schema]);
  });
}

/** Errors about input. An operation that no longer takes input no longer has them. */
const ABOUT_INPUT = ['400 PARAM_ERROR', '413 BODY_TOO_LARGE'];

/**
 * A code may disappear or get another status only in a breaking version, because clients act on it. A new code is
 * compatible: clients handle an unknown code by its status.
 */
function codeFindings(route: string, old: Operation, now: Operation): string[] {
  const kept = [...ABOUT_INPUT, ...codesOf(now)];
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
