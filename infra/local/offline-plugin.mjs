// A plugin of the Serverless Framework for `serverless offline`; every other command ignores it. JavaScript, because
// `serverless package` loads it too, and runs on versions of Node without TypeScript.

import { buildTogether } from '../build/one-build.cjs';

export default class OfflinePlugin {
  hooks = { initialize: () => this.adapt() };
  #serverless;

  constructor(serverless) {
    this.#serverless = serverless;
  }

  adapt() {
    const { processedInput, service } = this.#serverless;
    if (!processedInput.commands.includes('offline')) return;
    for (const owner of [service.provider, ...Object.values(service.functions)]) {
      owner.environment = preferShell(owner.environment);
    }
    const { esbuild } = service.custom;
    // Two stacks at once must not share a folder.
    esbuild.outputWorkFolder = process.env.LOCAL_BUILD_FOLDER;
    esbuild.plugins = [buildTogether(service.functions)];
    esbuild.minify = false;
    esbuild.sourcemap = 'linked';
    esbuild.sourcesContent = false;
    // Only the threads of the functions read their maps: the framework's own packages have hundreds.
    service.provider.environment.NODE_OPTIONS = '--enable-source-maps';
    // A reload drops pending calls, so tests turn it off.
    const sources = process.env.LOCAL_RELOAD === 'off' ? [] : ['functions/**/*.ts', 'lib/**/*.ts'];
    esbuild.watch = { pattern: sources };
  }
}

/** serverless-offline lets `provider.environment` win over the shell. Here the variables of start.ts must win. */
function preferShell(environment = {}) {
  const entries = Object.entries(environment).map(([name, value]) => [name, process.env[name] ?? value]);
  // An intrinsic function (`Ref`) has no value on a laptop; left in, it would read "[object Object]".
  return Object.fromEntries(entries.filter(([, value]) => typeof value !== 'object'));
}
