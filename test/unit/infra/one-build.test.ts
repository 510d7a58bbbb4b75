import { build, type BuildOptions, type Plugin } from 'esbuild';
import { expect, it } from 'vitest';
// @ts-expect-error JavaScript: the framework loads the plugin on versions of Node that take no TypeScript.
import { buildTogether } from '../../../infra/build/one-build.cjs';

const FUNCTIONS = {
  health: { handler: 'functions/health.handler' },
  openapi: { handler: 'functions/openapi.handler' },
};
const OPTIONS = { bundle: true, minify: true, platform: 'node', format: 'cjs', outdir: 'out/functions', write: false };

const bundle = async (entryPoint: string, plugins: Plugin[] = []) => {
  const options = { ...OPTIONS, entryPoints: [entryPoint], plugins } as BuildOptions;
  const { outputFiles = [] } = await build(options);
  return outputFiles.map(({ path, text }) => ({ path, text }));
};

it('one build of esbuild makes the bundles of all functions, to the byte as a build for each function', async () => {
  const together = [(buildTogether as (functions: object) => Plugin)(FUNCTIONS)];
  const alone = [...(await bundle('functions/health.ts')), ...(await bundle('functions/openapi.ts'))];
  expect(alone).toHaveLength(2);
  expect(await bundle('functions/health.ts', together)).toEqual(alone);
  expect(await bundle('functions/openapi.ts', together)).toEqual([]);
});
