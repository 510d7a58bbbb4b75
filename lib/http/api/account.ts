import * as v from 'valibot';
import { endpoint } from '../endpoint.ts';
import { user } from './shared.ts';

export const getMe = endpoint({
  method: 'GET',
  path: '/me',
  summary: 'Get the user of the session',
  auth: 'session',
  status: 200,
  answer: v.object({ user }),
  errors: ['UNAUTHENTICATED', 'NOT_CONFIGURED'],
});

export const logout = endpoint({
  method: 'POST',
  path: '/logout',
  summary: 'End the session, or all sessions of the account; their tokens are rejected from then on',
  auth: 'session',
  request: { body: v.object({ everywhere: v.optional(v.boolean(), false) }) },
  status: 204,
  setsCookies: true,
  errors: ['UNAUTHENTICATED', 'ORIGIN_NOT_ALLOWED', 'RATE_LIMITED', 'NOT_CONFIGURED'],
});

export const closeAccount = endpoint({
  method: 'DELETE',
  path: '/me',
  summary: 'Close the account after a fresh login: free its identifiers, erase personal data, keep its orders',
  auth: 'session',
  status: 204,
  errors: [
    'UNAUTHENTICATED',
    'ORIGIN_NOT_ALLOWED',
    'FRESH_LOGIN_REQUIRED',
    'ORDER_STATE_CONFLICT',
    'RATE_LIMITED',
    'NOT_CONFIGURED',
  ],
});
