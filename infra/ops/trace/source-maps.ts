import { existsSync, readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { join } from 'node:path';
import { CommandError } from '../command.ts';
import { enclosingFunction } from './enclosing-function.ts';

/** A place in a bundle, as a stack names it: both numbers begin with 1. */
interface BundlePosition {
  /** The name of the function, which is that of its bundle. */
  bundle: string;
  line: number;
  column: number;
}

interface SourcePosition {
  /** From the root of the repository. */
  file: string;
  line: number;
  column: number;
  /** The function around the position; undefined in a package, and outside of any function. */
  functionName: string | undefined;
}

export interface SourceMaps {
  /**
   * Returns undefined for code that the bundler added.
   * @throws CommandError when the package has no such bundle, or the bundle no such position
   */
  resolve(position: BundlePosition): SourcePosition | undefined;
}

/** A map as infra/build/source-maps.cjs writes it. */
interface BundleMap extends SourceMapPayload {
  x_lineLengths: number[];
}

interface OpenMap {
  decoded: SourceMap;
  payload: BundleMap;
}

/**
 * Opens the source maps of a package. `folder` is the package (`.serverless`) or its folder `source-maps`, local or downloaded
 * from CI.
 * @throws CommandError when there are none
 */
export function openSourceMaps(folder: string): SourceMaps {
  const functions = [join(folder, 'source-maps/functions'), join(folder, 'functions')].find(existsSync);
  if (!functions) {
    throw new CommandError(
      `${folder} has no source maps. Run "npm run package", or name the folder of a downloaded artefact with --maps.`,
    );
  }
  const opened = new Map<string, OpenMap>();

  return { resolve };

  function resolve({ bundle, line, column }: BundlePosition): SourcePosition | undefined {
    const { decoded, payload } = open(bundle);
    if (column < 1 || column > (payload.x_lineLengths[line - 1] ?? 0)) {
      throw new CommandError(
        `functions/${bundle}.cjs has no position ${line}:${column}. The stack is from another build than the maps in ${functions}.`,
      );
    }
    const entry = decoded.findEntry(line - 1, column - 1);
    // The decoder returns the last mapping before the position, which may be in another line.
    if (!('originalSource' in entry) || entry.generatedLine !== line - 1) return undefined;
    const { originalSource: file, originalLine, originalColumn } = entry;
    const source = payload.sourcesContent[payload.sources.indexOf(file)];
    const found = { line: originalLine + 1, column: originalColumn + 1 };
    return { file, ...found, functionName: source ? enclosingFunction(source, found.line) : undefined };
  }

  function open(bundle: string): OpenMap {
    const known = opened.get(bundle);
    if (known) return known;
    const file = join(functions!, `${bundle}.cjs.map`);
    if (!existsSync(file))
      throw new CommandError(`There is no function "${bundle}" in ${functions}: ${bundle}.cjs.map is missing.`);
    const payload = JSON.parse(readFileSync(file, 'utf8')) as BundleMap;
    const map = { payload, decoded: new SourceMap(payload) };
    opened.set(bundle, map);
    return map;
  }
}
