// Our plugin of the Serverless Framework. It gives each function its own role from `access` in serverless.yml, applies the
// switches WEBHOOKS and RESERVED_CONCURRENCY, and keeps source maps beside the package. CommonJS, because `serverless` may
// run on a Node without TypeScript.
const path = require('node:path');
const { buildTogether } = require('./one-build.cjs');
const { roleOf } = require('./roles.cjs');
const { separateSourceMaps } = require('./source-maps.cjs');

module.exports = class {
  constructor(serverless) {
    this.serverless = serverless;
    this.hooks = { initialize: () => this.adapt() };
    serverless.configSchemaHandler.defineFunctionProperties('aws', { properties: { access: ACCESS_SCHEMA } });
  }

  adapt() {
    const { config, processedInput, service } = this.serverless;
    if (!service.functions || processedInput.commands.includes('offline')) return;
    const { naming } = this.serverless.getProvider('aws');
    const { secretsPath, settings } = service.custom;
    const { webhooks, reserved, boundary } = settings;
    // Two processes that package at once must not share a folder.
    const { esbuild } = service.custom;
    esbuild.outputWorkFolder ??= `.esbuild/package-${process.pid}`;
    // serverless-esbuild copies this folder to .serverless, the folder of the package.
    const packageFolder = path.join(config.serviceDir, esbuild.outputWorkFolder, '.serverless');
    const { sourcemap, plugins } = separateSourceMaps(packageFolder);
    // `deploy function` packages one function.
    const together = processedInput.options?.function ? [] : [buildTogether(service.functions)];
    Object.assign(esbuild, { sourcemap, plugins: [...together, ...plugins] });
    const roles = {};
    for (const [name, fn] of Object.entries(service.functions)) {
      if (fn.url) fn.events = [...(fn.events ?? []), ...routesOf(name, webhooks)];
      if (webhooks === 'routes') delete fn.url;
      if (!reserved) delete fn.reservedConcurrency;
      fn.role = `${naming.getNormalizedFunctionName(name)}Role`;
      roles[fn.role] = roleOf(fn, { logGroup: naming.getLogGroupLogicalId(name), secretsPath, boundary });
    }
    service.resources.Resources = { ...service.resources.Resources, ...roles };
  }
};

/** WeChat pushes with POST, and verifies the address of a message push with GET. */
const METHODS = { 'miniapp-events': ['GET', 'POST'], 'official-events': ['GET', 'POST'] };

function routesOf(name, webhooks) {
  if (webhooks === 'urls') return [];
  return (METHODS[name] ?? ['POST']).map((method) => ({ httpApi: `${method} /webhooks/${name}` }));
}

const names = { type: 'array', items: { type: 'string' } };
const ACCESS_SCHEMA = {
  type: 'object',
  properties: {
    // Names, or lists of names.
    secrets: { type: 'array', items: { anyOf: [{ type: 'string' }, names] } },
    // For each kind of item, by how its partition key begins, actions of DynamoDB.
    table: { type: 'object', additionalProperties: { type: 'array', items: { enum: actions() } } },
    statements: { type: 'array', items: { type: 'object' } },
  },
  additionalProperties: false,
};

function actions() {
  return ['GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem', 'ConditionCheckItem'];
}
