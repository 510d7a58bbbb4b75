import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import type { OpenapiDocument } from '../../lib/http/openapi/types.ts';
import { declarations } from './declarations.ts';
import { javascript, type Platform } from './javascript.ts';
import { methodsOf, type Method } from './methods.ts';

const PURPOSE: Record<Platform, string> = {
  h5: 'web pages',
  miniprogram: 'mini-programs',
};

/** Writes a client with its types for each platform. @returns the paths of the files */
export async function writeClients(document: OpenapiDocument, folder: string): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const style = await resolveConfig(import.meta.filename);
  const files: string[] = [];
  for (const [file, text] of render(document)) {
    files.push(join(folder, file));
    writeFileSync(
      join(folder, file),
      await format(text, { ...style, parser: file.endsWith('.ts') ? 'typescript' : 'babel' }),
    );
  }
  return files;
}

function render(document: OpenapiDocument): [file: string, text: string][] {
  const { title, version } = document.info;
  return (Object.keys(PURPOSE) as Platform[]).flatMap((platform) => {
    const banner = `// A client of ${title} ${version} for ${PURPOSE[platform]}, generated from its OpenAPI document. Generate it again instead of editing it.`;
    return [
      [`${title}.${platform}.js`, `${banner}\n\n${clientCode(document, platform)}`],
      [`${title}.${platform}.d.ts`, `${banner}\n\n${declarations(document, methodsFor(document, platform), platform)}`],
    ];
  });
}

/** Returns the code of a client, without a banner and unformatted. */
export function clientCode(document: OpenapiDocument, platform: Platform): string {
  return javascript(methodsFor(document, platform), platform);
}

/** A mini-program cannot open an address. */
function methodsFor(document: OpenapiDocument, platform: Platform): Method[] {
  return methodsOf(document).filter(({ isRedirect }) => platform === 'h5' || !isRedirect);
}
