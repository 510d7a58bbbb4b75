// Holds answers of the HTTP API against its OpenAPI document: what the document does not say may not be answered.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { OpenapiDocument, Response } from '../../lib/http/openapi/types.ts';

interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

export type AnswerCheck = (request: { method: string; path: string }, answer: Answer) => void;

/** @returns what throws at an answer that `document` does not describe, to the field */
export function answerCheck(document: OpenapiDocument): AnswerCheck {
  const validatorAt = validators(document);
  const operations = operationsOf(document);
  return ({ method, path }, answer) => {
    const { pathname } = new URL(path, 'http://localhost');
    const operation = operations.find((one) => one.method === method && one.pattern.test(pathname));
    const wrong = operation ? faultIn(answer, operation, validatorAt) : strangeFault(answer);
    if (wrong === undefined) return;
    throw new Error(
      `${method} ${path} answered ${answer.status}, and not as /openapi.json says: ${wrong}\n${answer.text}`,
    );
  };
}

/** The check that goes with the document of a running service. */
export async function answerCheckOf(baseUrl: string): Promise<AnswerCheck> {
  const response = await fetch(`${baseUrl}/openapi.json`);
  return answerCheck((await response.json()) as OpenapiDocument);
}

interface Described {
  method: string;
  pattern: RegExp;
  /** Where its answers are in the document. */
  pointer: string;
  responses: Record<string, Response>;
}

/** A path without parameters goes before one with: so the gateway chooses, too. */
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
  // Its schemas are read where they stand, so the document around them has to pass for one.
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
  if (!response) return 'no such status';
  for (const [name, { required, schema }] of Object.entries(response.headers ?? {})) {
    const value = headers.get(name);
    if (value === null && required) return `${name} is missing`;
    const validate = validatorAt(`${pointer}/headers/${name}/schema`);
    if (value !== null && !validate(schema.type === 'integer' ? Number(value) : value)) return `${name}: ${value}`;
  }
  if (!response.content) return text === '' ? undefined : 'there should be no content';
  const type = headers.get('content-type')?.split(';')[0] ?? '';
  if (!(type in response.content)) return `the content is ${type || 'of no type'}`;
  const validate = validatorAt(`${pointer}/content/${escapePointer(type)}/schema`);
  if (validate(type === 'application/json' ? JSON.parse(text) : text)) return undefined;
  return validate
    .errors!.map(({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`)
    .join('; ');
}

/** Where nothing is described the gateway has to say so, in its own words: nothing of ours may answer. */
function strangeFault({ status, text }: Answer): string | undefined {
  return status === 404 && !text.includes('"requestId"') ? undefined : 'there is no such route';
}

function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
