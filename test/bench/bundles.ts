// The deployed bundles, and the floor to compare them with.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions, type Metafile } from 'esbuild';
import { parse } from 'yaml';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const KB = 1024;
const EVENT_STREAMS = '@smithy/core/event-streams';

export interface Bundle {
  name: string;
  file: string;
  kb: number;
  /** Bytes of each package; `ours` is lib/ and functions/. */
  parts: Map<string, number>;
}

export interface Part {
  name: string;
  kb: number;
}

export interface Bundles {
  floor: Bundle;
  /** One for each function with a route or a URL. */
  functions: Bundle[];
}

interface ServerlessFile {
  custom: { esbuild: BuildOptions & { outputFileExtension: string } };
  functions: Record<string, { handler: string; url?: unknown; events?: { httpApi?: unknown }[] }>;
}

/** Builds the functions and the floor into `folder`, with the esbuild settings of serverless.yml. */
export async function buildBundles(folder: string): Promise<Bundles> {
  const { custom, functions } = parse(readFileSync(join(ROOT, 'serverless.yml'), 'utf8')) as ServerlessFile;
  // The extension is for serverless-esbuild, which also names the platform.
  const { outputFileExtension: _, ...deployed } = custom.esbuild;
  // The floor keeps the event streams of the SDK. Otherwise the ratio of a function would rise when all bundles shrink.
  const { [EVENT_STREAMS]: _cut, ...alias } = deployed.alias ?? {};
  const bundle = (name: string, entry: string, options = deployed) => buildOne(folder, { name, entry, options });
  const withAddress = Object.entries(functions).filter(([, { url, events }]) => url || events?.some((e) => e.httpApi));
  return {
    floor: await bundle('floor', 'test/bench/entries/floor.ts', { ...deployed, alias }),
    functions: await Promise.all(
      withAddress.map(([name, { handler }]) => bundle(name, handler.replace(/\.handler$/, '.ts'))),
    ),
  };
}

async function buildOne(
  folder: string,
  { name, entry, options }: { name: string; entry: string; options: BuildOptions },
): Promise<Bundle> {
  const file = join(folder, `${name}.cjs`);
  const { metafile } = await build({
    ...options,
    platform: 'node',
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outfile: file,
    metafile: true,
    logLevel: 'error',
  });
  const [output] = Object.values(metafile.outputs);
  if (!output) throw new Error(`esbuild made nothing of ${entry}`);
  return { name, file, kb: output.bytes / KB, parts: sizeByPackage(output.inputs) };
}

function sizeByPackage(inputs: Metafile['outputs'][string]['inputs']): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? 'ours';
    sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput);
  }
  return sizes;
}

/** Returns the five packages that add most to `bundle`, beyond their size in `than`. */
export function largestParts(bundle: Bundle, than?: Bundle): Part[] {
  const added = [...bundle.parts].map(([name, bytes]) => ({ name, kb: (bytes - (than?.parts.get(name) ?? 0)) / KB }));
  return added
    .filter(({ kb }) => kb >= 1)
    .toSorted((a, b) => b.kb - a.kb)
    .slice(0, 5);
}
