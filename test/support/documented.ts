// Compares responses of the HTTP API with its OpenAPI document. A response may contain only documented fields.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { OpenapiDocument, Response } from '../../lib/http/openapi/types.ts';

interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

export type AnswerCheck = (request: { method: string; path: string }, answer: Answer) => void;

/** Returns a check that throws when a response differs from `document` in its status, a header or a field. */
export function answerCheck(document: OpenapiDocument): AnswerCheck {
  const validatorAt = validators(document);
  const operations = operationsOf(document);
  return ({ method, path }, answer) => {
    const { pathname } = new URL(path, 'http://localhost');
    const operation = operations.find((entry) => entry.method === method && entry.pattern.test(pathname));
    const fault = operation ? faultIn(answer, operation, validatorAt) : unknownRouteFault(answer);
    if (fault === undefined) return;
    throw new Error(
      `The response of ${method} ${path} (${answer.status}) differs from /openapi.json: ${fault}\n${answer.text}`,
    );
  };
}

/** Returns the check for the OpenAPI document of a running service. */
export async function answerCheckOf(baseUrl: string): Promise<AnswerCheck> {
  const response = await fetch(`${baseUrl}/openapi.json`);
  return answerCheck((await response.json()) as OpenapiDocument);
}

interface Described {
  method: string;
  pattern: RegExp;
  /** JSON pointer to the responses in the document. */
  pointer: string;
  responses: Record<string, Response>;
}

/** Lists paths without parameters first, because the gateway matches them first. */
function operationsOf({ paths }: OpenapiDocument): Described[] {
  const templates = Object.keys(paths).toSorted((a, b) => Number(a.includes('{')) - Number(b.includes('{')));
  return templates.flatMap((template) =>
    Object.entries(paths[template]!).map(([verb, { responses }]) => ({
      method: verb.toUpperCase(),
      pattern: new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
      pointer: `/paths/${escapePointer(template)}/${verb}/responses`,
      responses,
    })),
  );
}

type ValidatorAt = (pointer: string) => ValidateFunction;

function validators(document: OpenapiDocument): ValidatorAt {
  const ajv = new Ajv2020({ strict: true, strictTypes: false });
  // Ajv resolves the schemas inside the document, so it must accept the document's keys as a vocabulary.
  ajv.addVocabulary(Object.keys(document));
  ajv.addSchema(document, 'document');
  return (pointer) => ajv.getSchema(`document#${encodeURI(pointer)}`)!;
}

function faultIn(
  { status, headers, text }: Answer,
  described: Described,
  validatorAt: ValidatorAt,
): string | undefined {
  const response = described.responses[status];
  const pointer = `${described.pointer}/${status}`;
  if (!response) return 'the status is not documented';
  for (const [name, { required, schema }] of Object.entries(response.headers ?? {})) {
    const value = headers.get(name);
    if (value === null && required) return `${name} is missing`;
    const validate = validatorAt(`${pointer}/headers/${name}/schema`);
    if (value !== null && !validate(schema.type === 'integer' ? Number(value) : value)) return `${name}: ${value}`;
  }
  if (!response.content) return text === '' ? undefined : 'the content must be empty';
  const type = headers.get('content-type')?.split(';')[0] ?? '';
  if (!(type in response.content)) return `the content type ${type || '(none)'} is not documented`;
  const validate = validatorAt(`${pointer}/content/${escapePointer(type)}/schema`);
  if (validate(type === 'application/json' ? JSON.parse(text) : text)) return undefined;
  return validate
    .errors!.map(({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`)
    .join('; ');
}

/** Expects the 404 of the gateway for an undocumented route. Only responses of our functions contain a requestId. */
function unknownRouteFault({ status, text }: Answer): string | undefined {
  return status === 404 && !text.includes('"requestId"') ? undefined : 'the route is not documented';
}

function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
