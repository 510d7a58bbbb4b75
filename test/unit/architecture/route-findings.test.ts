import { describe, expect, it } from 'vitest';
import { fileNamesOf, routeFindings, type Routes } from '../../support/route-findings.ts';

const GROUPS = ['oauth', 'pay'];
const ME = 'GET /me';
const LIST = 'GET /pay/orders';

/** Two endpoints that are described, listed, served and routed. */
const routes = (): Routes => ({
  endpoints: [
    { name: 'getMe', file: 'lib/http/api/account.ts', route: ME },
    { name: 'listOrders', file: 'lib/http/api/orders.ts', route: LIST },
  ],
  listed: [
    { operationId: 'getMe', name: 'getMe', route: ME },
    { operationId: 'listOrders', name: 'listOrders', route: LIST },
  ],
  served: [
    { function: 'me', name: 'getMe' },
    { function: 'pay-orders', name: 'listOrders' },
  ],
  routed: [
    { function: 'me', route: ME },
    { function: 'pay-orders', route: LIST },
  ],
});

describe('routeFindings', () => {
  it('reports nothing when all four places agree', () => {
    expect(routeFindings(routes(), GROUPS)).toEqual([]);
  });

  it.each<[string, (routes: Routes) => unknown, string]>([
    [
      'an endpoint that is not listed',
      ({ listed }) => listed.shift(),
      'GET /me: add getMe of lib/http/api/account.ts to ENDPOINTS in lib/http/openapi/endpoints.ts',
    ],
    [
      'a listed endpoint that lib/http/api does not export',
      ({ listed }) => listed.push({ operationId: 'getHer', route: 'GET /her' }),
      'GET /her: export getHer of lib/http/openapi/endpoints.ts from lib/http/api',
    ],
    [
      'a constant with another name than its operationId',
      ({ listed }) => listed.splice(0, 1, { operationId: 'getSelf', name: 'getMe', route: ME }),
      'GET /me: rename getMe in lib/http/api/account.ts to its operationId getSelf',
    ],
    [
      'an endpoint that no function serves',
      (all) => {
        all.served.shift();
        all.routed.shift();
      },
      'GET /me: add functions/me.ts, which serves getMe of lib/http/api/account.ts',
    ],
    [
      'an endpoint that two functions serve',
      ({ served }) => served.push({ function: 'pay-me', name: 'getMe' }),
      'GET /me: served by functions/me.ts and functions/pay-me.ts: remove one',
    ],
    [
      'a function file with a wrong name',
      (all) => {
        all.served[1]!.function = 'orders-list';
        all.routed[1]!.function = 'orders-list';
      },
      'GET /pay/orders: rename functions/orders-list.ts to orders.ts, because it serves listOrders',
    ],
    [
      'an endpoint without an event',
      ({ routed }) => routed.shift(),
      'GET /me: add the event "httpApi: GET /me" to me in serverless.yml',
    ],
    [
      'an event of another function',
      ({ routed }) => (routed[0]!.function = 'pay-orders'),
      'GET /me: move its event in serverless.yml from pay-orders to me, which serves it',
    ],
    [
      'an event with a wrong route',
      ({ routed }) => (routed[0]!.route = 'GET /my'),
      'GET /me: change the event "httpApi: GET /my" of me in serverless.yml to "httpApi: GET /me"',
    ],
    [
      'an event too many',
      ({ routed }) => routed.push({ function: 'me', route: 'GET /my' }),
      'GET /my: remove its event from me in serverless.yml: no function serves this route',
    ],
  ])('reports %s in one line', (_, change, finding) => {
    const changed = routes();
    change(changed);
    expect(routeFindings(changed, GROUPS)).toEqual([finding]);
  });
});

describe('fileNamesOf', () => {
  it.each([
    ['decideQrLogin', 'qr-login-decide'],
    ['getMe', 'me'],
    ['getVerificationFile', 'verification-file'],
    ['listOrders', 'pay-orders'],
    ['closeOrder', 'pay-order-close'],
    ['prepay', 'pay-prepay'],
    ['logout', 'logout'],
    ['oauthCallback', 'oauth-callback'],
    ['authorize', 'oauth-authorize'],
  ])('allows %s to be served by %s', (operationId, name) => {
    expect(fileNamesOf(operationId, GROUPS)).toContain(name);
  });

  it.each([
    ['closeOrder', 'pay-close-order'],
    ['getOrder', 'pay-order-get'],
    ['oauthCallback', 'callback-oauth'],
    ['decideQrLogin', 'qr-login-confirm'],
    ['bindPhone', 'h5-phone-bind'],
  ])('does not allow %s to be served by %s', (operationId, name) => {
    expect(fileNamesOf(operationId, GROUPS)).not.toContain(name);
  });
});
