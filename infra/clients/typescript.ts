import type { JsonSchema } from '../../lib/http/openapi/types.ts';

/** Returns the TypeScript type of the values that a schema accepts. @throws TypeError for an unsupported schema */
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
      throw new TypeError(`The schema has no TypeScript type: ${JSON.stringify(schema)}`);
  }
}

/** Declares a named type, as an interface for an object. */
export function declarationOf(name: string, schema: JsonSchema): string {
  if (schema.type === 'object' && schema.properties) return `export interface ${name} { ${fieldsOf(schema)} }`;
  return `export type ${name} = ${typeOf(schema)};`;
}

/** Returns the names that a schema refers to, at any depth. */
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
