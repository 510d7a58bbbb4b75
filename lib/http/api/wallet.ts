import * as v from 'valibot';
import { endpoint } from '../endpoint.ts';

export const getWallet = endpoint({
  method: 'GET',
  path: '/wallet',
  summary: "What is in the caller's wallet; below zero when a refunded top-up was spent before",
  auth: 'session',
  status: 200,
  answer: v.object({ balanceFen: v.number() }),
  errors: ['UNAUTHENTICATED', 'NOT_CONFIGURED'],
});
