// Our plugin of the Serverless Framework. It gives each function a role of its own, made of what stands under `access`
// in serverless.yml, and applies the switches WEBHOOKS and RESERVED_CONCURRENCY. CommonJS, because `serverless` may run
// on a Node that takes no TypeScript.
const path = require('node:path');
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
    // Two that package at once must not build into one folder.
    const { esbuild } = service.custom;
    esbuild.outputWorkFolder ??= `.esbuild/package-${process.pid}`;
    // serverless-esbuild copies this folder to .serverless, the folder of the package.
    Object.assign(esbuild, separateSourceMaps(path.join(config.serviceDir, esbuild.outputWorkFolder, '.serverless')));
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

/** WeChat pushes with POST, and asks with GET whether an address is the official account's. */
const METHODS = { 'official-events': ['GET', 'POST'] };

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
