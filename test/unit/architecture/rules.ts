// The rules of the architecture as data. The tests beside this file check the code against them.
//
// A module is a folder: `functions`, each folder of lib/, and each folder directly in infra/ with its subfolders.
// To allow a new edge, add the imported module to the row of the importing one. A new folder needs a row of its own.

import type { ModuleRule } from '../../support/import-findings.ts';

const WECHAT = ['lib/wechat', 'lib/wechat-pay', 'lib/wechat-pay/v3', 'lib/wechat-pay/v2', 'lib/wechat-pay/virtual'];

const FLOWS = [
  'lib/identity',
  'lib/content-check',
  'lib/uploads',
  'lib/scan-login',
  'lib/h5',
  'lib/official-account',
  'lib/mini-program',
  'lib/pushes',
  'lib/privacy',
  'lib/notify',
  'lib/pay',
  'lib/reconciliation',
  'lib/wallet',
  'lib/shipping',
  'lib/complaints',
];

/** Imports run one way: functions → wiring → flows → protocols, tokens, events, limits → store, http → core. */
export const MODULES: Record<string, ModuleRule> = {
  functions: {
    imports: [
      'lib/wiring',
      ...FLOWS,
      ...WECHAT,
      'lib/platform-token',
      'lib/events',
      'lib/secrets',
      'lib/http',
      'lib/http/api',
      'lib/http/openapi',
      'lib/core',
    ],
  },
  'lib/wiring': {
    imports: [
      ...FLOWS,
      ...WECHAT,
      'lib/platform-token',
      'lib/events',
      'lib/rate-limit',
      'lib/secrets',
      'lib/store',
      'lib/http',
      'lib/core',
    ],
  },

  'lib/content-check': { imports: ['lib/wechat', 'lib/store', 'lib/core'], types: ['lib/platform-token'] },
  'lib/identity': {
    imports: ['lib/content-check', 'lib/wechat', 'lib/store', 'lib/core'],
    types: ['lib/platform-token', 'lib/rate-limit'],
  },
  'lib/uploads': { imports: ['lib/content-check', 'lib/identity', 'lib/store', 'lib/core'], types: ['lib/rate-limit'] },
  'lib/scan-login': { imports: ['lib/identity', 'lib/wechat', 'lib/store', 'lib/core'], types: ['lib/platform-token'] },
  'lib/h5': { imports: ['lib/identity', 'lib/wechat', 'lib/store', 'lib/core'], types: ['lib/platform-token'] },
  'lib/official-account': {
    imports: ['lib/identity', 'lib/privacy', 'lib/pushes', 'lib/scan-login', 'lib/wechat', 'lib/store', 'lib/core'],
    types: ['lib/platform-token'],
  },
  'lib/mini-program': {
    imports: [
      'lib/content-check',
      'lib/identity',
      'lib/notify',
      'lib/privacy',
      'lib/pushes',
      'lib/complaints',
      'lib/pay',
      'lib/shipping',
      'lib/wechat',
      'lib/wechat-pay/virtual',
      'lib/store',
      'lib/core',
    ],
    types: ['lib/events'],
  },
  'lib/privacy': { imports: ['lib/identity', 'lib/uploads', 'lib/events', 'lib/wechat', 'lib/store', 'lib/core'] },
  'lib/pushes': { imports: ['lib/wechat', 'lib/secrets', 'lib/store', 'lib/core'] },
  'lib/notify': { imports: ['lib/identity', 'lib/wechat', 'lib/store', 'lib/core'], types: ['lib/platform-token'] },
  'lib/pay': {
    imports: ['lib/identity', 'lib/complaints', 'lib/shipping', 'lib/wechat-pay', 'lib/store', 'lib/core'],
    types: ['lib/wechat', 'lib/wechat-pay/v3', 'lib/wechat-pay/v2', 'lib/wechat-pay/virtual', 'lib/rate-limit'],
  },
  'lib/reconciliation': { imports: ['lib/wechat-pay', 'lib/store', 'lib/core'] },
  'lib/wallet': { imports: ['lib/identity', 'lib/store', 'lib/core'], types: ['lib/events'] },

  'lib/shipping': { imports: ['lib/wechat', 'lib/store', 'lib/core'], types: ['lib/events', 'lib/platform-token'] },
  'lib/complaints': { imports: ['lib/wechat-pay', 'lib/store', 'lib/core'], types: ['lib/wechat-pay/v3'] },

  // The protocols know the shapes of stored entities, and no table.
  'lib/wechat': { imports: ['lib/core'] },
  'lib/wechat-pay': { imports: ['lib/secrets', 'lib/core'], types: ['lib/wechat-pay/v3', 'lib/store'] },
  'lib/wechat-pay/v3': { imports: ['lib/wechat-pay', 'lib/core'], types: ['lib/store'] },
  'lib/wechat-pay/v2': { imports: ['lib/wechat-pay', 'lib/core'], types: ['lib/store'] },
  // Virtual payment is an API of the platform, with its access token.
  'lib/wechat-pay/virtual': {
    imports: ['lib/wechat-pay', 'lib/wechat', 'lib/core'],
    types: ['lib/platform-token', 'lib/store'],
  },

  'lib/platform-token': { imports: ['lib/wechat', 'lib/core'], types: ['lib/store'] },
  'lib/events': { imports: ['lib/store', 'lib/core'] },
  'lib/rate-limit': { imports: ['lib/store', 'lib/core'] },
  'lib/secrets': { imports: ['lib/core'] },
  'lib/store': { imports: ['lib/core'] },
  'lib/http': { imports: ['lib/core'] },
  'lib/http/api': { imports: ['lib/http', 'lib/core'] },
  'lib/http/openapi': { imports: ['lib/http', 'lib/http/api', 'lib/core'] },
  'lib/core': { imports: [] },

  'infra/build': { imports: [] },
  'infra/clients': { imports: ['lib/http/openapi'] },
  'infra/compatibility': { imports: ['lib/http/openapi', 'lib/events', 'lib/core'] },
  'infra/docs': { imports: ['lib/http', 'lib/http/api', 'lib/http/openapi', 'lib/rate-limit', 'lib/core'] },
  'infra/service': { imports: [] },
  'infra/simulator': { imports: [] },
  'infra/local': {
    imports: [
      'infra/build',
      'infra/clients',
      'infra/service',
      'infra/simulator',
      'lib/http/openapi',
      'lib/wechat-pay',
      'lib/core',
    ],
  },
  'infra/ops': {
    imports: [
      'infra/service',
      ...WECHAT,
      'lib/identity',
      'lib/h5',
      'lib/official-account',
      'lib/pushes',
      'lib/secrets',
      'lib/store',
      'lib/core',
    ],
  },
};

/** Packages and folders that only these files and folders of lib/ and functions/ may import. */
export const IMPORTERS: Record<string, string[]> = {
  '@aws-sdk/': ['lib/store/', 'lib/events/bus.ts', 'lib/reconciliation/report-store.ts', 'lib/core/aws-call.ts'],
  'lib/http/openapi/': ['lib/http/openapi/', 'functions/openapi.ts'],
};

/** Exports that only these files may import. No file may export them again: they accept unverified content. */
export const NAME_IMPORTERS: Record<string, string[]> = {
  readPush: ['lib/wechat/official-push.ts'],
  readMiniappPush: ['lib/wechat/miniapp-push.ts'],
  openPush: ['lib/wechat/official-push.ts', 'lib/wechat/miniapp-push.ts'],
  readTransaction: ['lib/wechat-pay/v3/open-notification.ts'],
  readRefundNotice: ['lib/wechat-pay/v3/open-notification.ts'],
  readTransactionV2: ['lib/wechat-pay/v2/open-notification.ts'],
  readRefundNoticeV2: ['lib/wechat-pay/v2/open-notification.ts'],
  markVerified: [
    'lib/wechat-pay/v3/transaction.ts',
    'lib/wechat-pay/v3/refunds.ts',
    'lib/wechat-pay/v3/complaints.ts',
    'lib/wechat-pay/v2/transaction.ts',
    'lib/wechat-pay/v2/refunds.ts',
    'lib/wechat-pay/virtual/query-order.ts',
    'lib/wechat-pay/virtual/refunds.ts',
    'lib/wechat-pay/virtual/pushes.ts',
    'lib/wechat-pay/virtual/complaints.ts',
  ],
};

/** Types of verified input, and the only files and folders of lib/ and functions/ that may cast to them. */
export const CASTERS: Record<string, string[]> = {
  Verified: ['lib/wechat-pay/'],
  PayNotification: ['lib/wechat-pay/v3/open-notification.ts'],
  PayNotificationV2: ['lib/wechat-pay/v2/open-notification.ts'],
  OfficialPush: ['lib/wechat/official-push.ts'],
  MiniappPush: ['lib/wechat/miniapp-push.ts'],
};

/** The one file that builds keys of the table. */
export const KEY_BUILDER = 'lib/store/keys.ts';

/** The one file that reads the clock. oxlint restricts the other globals (.oxlintrc.json). */
export const CLOCK_READER = 'lib/core/runtime.ts';

/** The folders that may write an HTTP status. */
export const STATUS_WRITERS = ['functions/', 'lib/http/'];

export const MAX_LINES = { function: 40, file: 300 };

/**
 * Words that may begin the name of a function file without being part of the operationId: `prepay` is served by
 * `pay-prepay.ts`. An operationId that begins with one of them has no verb: `oauthCallback` is served by
 * `oauth-callback.ts`.
 */
export const FUNCTION_GROUPS = ['miniapp', 'oauth', 'pay'];
