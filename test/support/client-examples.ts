import { readFileSync } from 'node:fs';

const README = readFileSync(new URL('../../infra/clients/README.md', import.meta.url), 'utf8');

/** Returns the code of a section in the README of the clients. @throws Error for a section without code */
export function clientExample(heading: string): string {
  const section = README.split(/^#{2,3} /m).find((text) => text.startsWith(`${heading}\n`));
  const [, code] = /```js\n(.*?)```/s.exec(section ?? '') ?? [];
  if (code === undefined) throw new Error(`The README of the clients has no code below "${heading}"`);
  return code;
}
