import * as v from 'valibot';
import { endpoint } from '../endpoint.ts';
import { sessionFields } from './shared.ts';

export const createQrLogin = endpoint({
  method: 'POST',
  path: '/qr-login',
  summary: 'A QR code that logs a web page in when somebody scans it with WeChat',
  auth: 'none',
  request: { body: v.object({ via: v.optional(v.literal('official-account'), 'official-account') }) },
  status: 201,
  answer: v.object({
    ticket: v.string(),
    pollToken: v.string(),
    imageUrl: v.string(),
    content: v.nullable(v.string()),
    expiresIn: v.number(),
    pollIntervalMs: v.number(),
  }),
  errors: ['RATE_LIMITED', 'WECHAT_CONFIG', 'NOT_CONFIGURED', 'WECHAT_UNAVAILABLE', 'WECHAT_TIMEOUT'],
});

export const pollQrLogin = endpoint({
  method: 'GET',
  path: '/qr-login/{ticket}',
  summary: 'What became of a QR code; the success answer is given once',
  auth: 'none',
  request: {
    path: v.object({ ticket: v.string() }),
    headers: v.object({ 'x-poll-token': v.optional(v.string(), '') }),
  },
  status: 200,
  answer: v.variant('status', [
    v.object({ status: v.literal('pending') }),
    v.object({ status: v.literal('registered'), ...sessionFields }),
    v.object({ status: v.literal('unregistered'), registrationToken: v.string() }),
  ]),
  errors: ['TICKET_EXPIRED', 'NOT_CONFIGURED'],
});
