import * as v from 'valibot';
import { endpoint } from '../endpoint.ts';
import { cookieQuery, pageSession, WECHAT_ERRORS } from './shared.ts';

const pollIntervalMs = v.pipe(v.number(), v.integer());

export const createQrLogin = endpoint({
  method: 'POST',
  path: '/qr-login',
  summary: 'Create a QR code that logs a web page in after a user scans it with WeChat and confirms',
  auth: 'none',
  request: {
    body: v.object({ via: v.optional(v.picklist(['official-account', 'mini-program']), 'official-account') }),
  },
  status: 201,
  answer: v.object({
    ticket: v.string(),
    pollToken: v.string(),
    imageUrl: v.string(),
    content: v.nullable(v.string()),
    expiresIn: v.pipe(v.number(), v.integer()),
    pollIntervalMs,
  }),
  errors: [...WECHAT_ERRORS],
});

export const pollQrLogin = endpoint({
  method: 'GET',
  path: '/qr-login/{ticket}',
  summary: 'Get the state of a QR code; the success answer is given once',
  auth: 'none',
  request: {
    path: v.object({ ticket: v.string() }),
    query: cookieQuery,
    // A missing token gets the same answer as a wrong token.
    headers: v.object({ 'x-poll-token': v.fallback(v.string(), '') }),
  },
  status: 200,
  answer: v.variant('status', [
    v.object({ status: v.literal('pending'), pollIntervalMs }),
    v.object({ status: v.literal('scanned'), pollIntervalMs }),
    v.object({ status: v.literal('registered'), ...pageSession.entries }),
    v.object({ status: v.literal('unregistered'), registrationToken: v.string() }),
  ]),
  setsCookies: true,
  errors: ['TICKET_EXPIRED', 'IDENTITY_CONFLICT', 'RATE_LIMITED', 'NOT_CONFIGURED'],
});

export const decideQrLogin = endpoint({
  method: 'POST',
  path: '/qr-login/{ticket}/confirm',
  summary: 'Report the scan, or confirm or cancel the login, in the mini-program; its scene is the ticket',
  auth: 'session',
  request: {
    path: v.object({ ticket: v.string() }),
    body: v.object({ decision: v.picklist(['scan', 'confirm', 'cancel']) }),
  },
  status: 200,
  answer: v.object({
    status: v.picklist(['scanned', 'confirmed', 'cancelled']),
    siteName: v.string(),
    requestedAt: v.string(),
    place: v.nullable(v.string()),
    browser: v.nullable(v.string()),
  }),
  errors: ['UNAUTHENTICATED', 'FORBIDDEN', 'ORIGIN_NOT_ALLOWED', 'TICKET_EXPIRED', 'NOT_CONFIGURED'],
});
