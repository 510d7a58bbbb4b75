import type { JsonSchema } from '../../lib/http/openapi/types.ts';

/** The TypeScript type of what a schema lets through. @throws TypeError for a schema that has no type here */
export function typeOf(schema: JsonSchema): string {
  if (schema.$ref) return nameOf(schema.$ref);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const options = schema.anyOf ?? schema.oneOf;
  if (options) return options.map((option) => typeOf(option as JsonSchema)).join(' | ');
  switch (schema.type) {
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type;
    case 'number':
    case 'integer':
      return 'number';
    case 'array':
      return `Array<${typeOf(schema.items as JsonSchema)}>`;
    case 'object':
      return schema.properties ? `{ ${fieldsOf(schema)} }` : 'Record<string, unknown>';
    default:
      throw new TypeError(`No TypeScript for ${JSON.stringify(schema)}`);
  }
}

/** A type with a name: an interface where that is possible. */
export function declarationOf(name: string, schema: JsonSchema): string {
  if (schema.type === 'object' && schema.properties) return `export interface ${name} { ${fieldsOf(schema)} }`;
  return `export type ${name} = ${typeOf(schema)};`;
}

/** The names that a schema refers to, wherever in it. */
export function namesIn(schema: JsonSchema): string[] {
  return [...JSON.stringify(schema).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => nameOf(ref!));
}

function fieldsOf({ properties = {}, required = [] }: JsonSchema): string {
  const fields = Object.entries(properties).map(
    ([name, property]) => `${name}${required.includes(name) ? '' : '?'}: ${typeOf(property as JsonSchema)};`,
  );
  return fields.join(' ');
}

function nameOf(ref: string): string {
  return ref.slice(ref.lastIndexOf('/') + 1);
}
